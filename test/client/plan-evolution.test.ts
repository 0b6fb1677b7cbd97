import assert from 'node:assert/strict';
import { recipeFile, withDefaults } from '../../activities/recipe.js';
import { makePlan } from '../../client/plan/make-plan.js';
import { nothingMeasured } from '../../client/plan/measure.js';
import { settleTeachers } from '../../client/settle-teachers.js';
import { rowsToEvolve } from '../scripted-evolution.js';

describe('the plan of a run of evolution', () => {
  async function planOf(evolve: object) {
    const recipe = withDefaults(
      recipeFile.parse({
        name: 'plan',
        method: 'evolve',
        data: 'rows.jsonl',
        evolve,
        teacher: { endpoint: 'openai', model: 'gpt-4.1-mini', baseUrl: 'https://api.openai.com/v1' },
      }),
    );
    return await makePlan({
      recipe: await settleTeachers(recipe, null),
      seeds: [],
      given: { data: rowsToEvolve(20) },
      measured: nothingMeasured(),
    });
  }

  it('has a call for each variant, one for its gain, and one that ranks them', async () => {
    const { phases, total, examples } = await planOf({ aspect: 'quality', rounds: 3 });
    assert.deepEqual(
      phases.map(({ phase, calls }) => [phase, calls]),
      [
        ['evolve', 60],
        ['gain', 60],
        ['rank', 20],
      ],
    );
    assert.equal(examples, 20);
    assert.ok((total.usd ?? 0) > 0);
    for (const { promptTokens, completionTokens } of phases) assert.ok(promptTokens > completionTokens);
  });

  it('expects no examples of instructions alone', async () => {
    const { examples, notes } = await planOf({ aspect: 'complexity' });
    assert.equal(examples, 0);
    assert.match(notes.join('\n'), /The most there can be/);
  });
});
