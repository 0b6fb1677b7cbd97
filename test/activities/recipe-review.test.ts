import assert from 'node:assert/strict';
import { recipeFile, withDefaults } from '../../activities/recipe.js';
import { reviewRule } from '../../activities/recipe-review.js';

const loop = {
  name: 'reviewed',
  method: 'sedi',
  target: 10,
  seeds: 'seeds.jsonl',
  teacher: { endpoint: 'openai', model: 'scripted', form: 'chat' },
};

describe('review in a recipe', () => {
  const problemsOf = (changes: object) => {
    const { seeds: _seeds, target: _target, ...rows } = { ...loop, data: 'rows.jsonl' };
    const keys = 'method' in changes && changes.method !== 'skillmix' ? rows : { ...loop, seeds: undefined };
    const checked = recipeFile.safeParse({ ...keys, review: {}, ...changes });
    return (checked.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  };

  it('has every round wait a day for somebody to look at twenty examples, and then pauses', () => {
    const recipe = withDefaults(recipeFile.parse({ ...loop, review: {} }));
    assert.deepEqual(recipe.review, { every: 1, sample: 20, timeoutHours: 24, onTimeout: 'pause' });
    assert.ok(recipe.review);
    assert.deepEqual(reviewRule(recipe.review), { every: 1, timeoutMs: 86_400_000, onTimeout: 'pause' });
  });

  it('is no part of a recipe that does not ask for it, so that the recipe means the same run as before', () => {
    assert.ok(!('review' in withDefaults(recipeFile.parse(loop))));
  });

  it('is refused with the reason where nothing is written that could be reviewed', () => {
    assert.deepEqual(problemsOf({ method: 'deita', score: {} }), [
      'review: belongs to methods that generate: deita begins with data, which has been reviewed or not before the run',
    ]);
    assert.match(
      String(problemsOf({ method: 'evolve', evolve: { aspect: 'quality' } })),
      /review: .*evolve begins with data/,
    );
    assert.match(
      String(problemsOf({ method: 'skillmix', skillmix: { extractOnly: true } })),
      /review: nothing is to be reviewed: with skillmix\.extractOnly/,
    );
  });

  it('takes no time that is none', () => {
    for (const review of [{ timeoutHours: 0 }, { timeoutHours: 10_000 }, { every: 0 }, { onTimeout: 'wait' }])
      assert.throws(() => recipeFile.parse({ ...loop, review }));
  });
});
