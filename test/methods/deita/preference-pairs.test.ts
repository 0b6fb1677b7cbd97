import assert from 'node:assert/strict';
import fc from 'fast-check';
import { preferencePairs, type ScoredText } from '../../../methods/deita/preference-pairs.js';

const pairs = (variants: ScoredText[], minMargin = 0) =>
  preferencePairs({ instruction: 'Why?', variants, minMargin });

describe('preferencePairs', () => {
  it('sets the best response against each worse one, in their order', () => {
    assert.deepEqual(
      pairs([
        { text: 'fair', score: 3 },
        { text: 'best', score: 5.5 },
        { text: 'poor', score: 1 },
      ]),
      [
        { prompt: 'Why?', chosen: 'best', rejected: 'fair', margin: 2.5 },
        { prompt: 'Why?', chosen: 'best', rejected: 'poor', margin: 4.5 },
      ],
    );
  });

  it('makes none of ties, too small margins, missing scores and texts that are the same', () => {
    assert.deepEqual(pairs([]), []);
    assert.deepEqual(
      pairs([
        { text: 'a', score: 4 },
        { text: 'b', score: 4 },
      ]),
      [],
    );
    const variants = [
      { text: 'a', score: 4 },
      { text: 'b', score: 3 },
      { text: 'c', score: null },
      { text: 'a', score: 1 },
      { text: 'd', score: 2 },
      { text: 'd', score: 1 },
    ];
    assert.deepEqual(
      pairs(variants, 1.5).map(({ rejected }) => rejected),
      ['d'],
    );
  });

  it('keeps to the margin, whatever the scores', () => {
    const score = fc.option(fc.double({ min: 1, max: 6, noNaN: true }));
    const variants = fc.array(fc.record({ text: fc.constantFrom('a', 'b', 'c', 'd', 'e'), score }));
    fc.assert(
      fc.property(variants, fc.double({ min: 0, max: 5, noNaN: true }), (some, minMargin) => {
        const scores = some.flatMap((one) => (one.score === null ? [] : [one.score]));
        const made = pairs(some, minMargin);
        for (const { chosen, rejected, margin } of made) {
          assert.ok(margin > 0 && margin >= minMargin);
          assert.notEqual(chosen, rejected);
          const best = Math.max(...scores);
          assert.ok(some.some((one) => one.text === chosen && one.score === best));
        }
        assert.equal(new Set(made.map(({ rejected }) => rejected)).size, made.length);
      }),
    );
  });

  it('refuses a margin and scores that are no numbers', () => {
    for (const minMargin of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => pairs([], minMargin), /minMargin must be 0 or more/);
    assert.throws(() => pairs([{ text: 'a', score: Number.NaN }]), RangeError);
  });
});
