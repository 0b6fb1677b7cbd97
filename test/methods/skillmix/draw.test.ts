import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../../methods/random.js';
import { drawSkills, queryTypeAt } from '../../../methods/skillmix/draw.js';
import { times } from '../seeds.js';

describe('drawSkills', () => {
  const skills = times(5, (i) => `skill_${i}`);

  it('draws k different skills, and each ordered pair equally often', () => {
    const counts = new Map<string, number>();
    const random = seededRandom('pairs');
    for (let i = 0; i < 20_000; i++) {
      const pair = drawSkills({ skills, k: 2, random }).join();
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    assert.equal(counts.size, 5 * 4);
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 160, String(count));
  });

  it('draws the same with the same generator', () => {
    const draw = () => drawSkills({ skills, k: 3, random: seededRandom(7, 'example', 3) });
    assert.deepEqual(draw(), draw());
  });

  it('refuses to draw more than there are', () => {
    assert.throws(
      () => drawSkills({ skills: ['one'], k: 2, random: seededRandom(1) }),
      /^RangeError: 2 skills cannot be drawn from 1$/,
    );
  });
});

describe('queryTypeAt', () => {
  const queryTypes = times(7, (i) => ({ name: `type ${i}`, definition: '' }));
  const dealt = (runSeed: number, count: number) =>
    times(count, (ordinal) => queryTypeAt({ queryTypes, ordinal, runSeed }).name);

  it('has dealt all types equally often after every n-th example', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 5 }), (runSeed, deck) => {
        const names = dealt(runSeed, (deck + 1) * 7).slice(deck * 7);
        assert.deepEqual([...names].sort(), queryTypes.map(({ name }) => name).sort());
      }),
      { numRuns: 50 },
    );
  });

  it('shuffles every deck anew, and for every run in another way', () => {
    const decks = [dealt(1, 14).slice(0, 7), dealt(1, 14).slice(7), dealt(2, 7)].map(String);
    assert.equal(new Set(decks).size, 3);
  });

  it('refuses an empty list', () => {
    assert.throws(
      () => queryTypeAt({ queryTypes: [], ordinal: 0, runSeed: 1 }),
      /^RangeError: there is no query type number 0 to deal$/,
    );
  });
});
