import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expectedScore, LEAST_MASS } from '../../../methods/deita/expected-score.js';
import type { TokenLogprob } from '../../../methods/prompt.js';

const tokens = (probabilities: Record<string, number>): TokenLogprob[] =>
  Object.entries(probabilities).map(([token, p]) => ({ token, logprob: Math.log(p) }));

/** The mean of the six scores, from a table of them. */
function tabled(given: readonly TokenLogprob[]): { score: number; mass: number } {
  const masses = [1, 2, 3, 4, 5, 6].map((score) =>
    given
      .filter(({ token }) => ['', ' ', '▁', 'Ġ'].some((space) => token === `${space}${score}`))
      .reduce((sum, { logprob }) => sum + Math.exp(logprob), 0),
  );
  const mass = masses.reduce((sum, one) => sum + one, 0);
  return { mass, score: masses.reduce((sum, one, i) => sum + (one / mass) * (i + 1), 0) };
}

describe('expectedScore', () => {
  it('is the mean of the six scores by their probabilities', () => {
    const { score, mass } = expectedScore(tokens({ 3: 0.25, 4: 0.5, 5: 0.25 }));
    assert.ok(Math.abs((score ?? 0) - 4) < 1e-12 && Math.abs(mass - 1) < 1e-12);
    assert.equal(expectedScore([{ token: '6', logprob: 0 }]).score, 6);
  });

  it('adds up variants with and without a leading space, in the ways of tokenisers', () => {
    const { score } = expectedScore(tokens({ '2': 0.25, ' 2': 0.25, '▁4': 0.25, Ġ4: 0.25 }));
    assert.ok(Math.abs((score ?? 0) - 3) < 1e-12);
  });

  it('scales to 1 what holds 0.95, and has no score below', () => {
    const enough = expectedScore(tokens({ 2: 0.48, 4: 0.48, the: 0.04 }));
    assert.ok(Math.abs((enough.score ?? 0) - 3) < 1e-12 && Math.abs(enough.mass - 0.96) < 1e-12);
    const few = expectedScore(tokens({ 2: 0.47, 4: 0.47, the: 0.06 }));
    assert.ok(few.score === null && Math.abs(few.mass - 0.94) < 1e-12);
    assert.deepEqual(expectedScore([]), { score: null, mass: 0 });
  });

  it('takes no other token for a score', () => {
    for (const token of ['0', '7', '10', '1.', '１', '  3', '3 ', '\n3', '**', 'three', ''])
      assert.deepEqual(expectedScore([{ token, logprob: 0 }]), { score: null, mass: 0 }, token);
  });

  it('takes the least probabilities as what they are', () => {
    const { score, mass } = expectedScore([
      { token: '5', logprob: 0 },
      { token: '1', logprob: Number.NEGATIVE_INFINITY },
      { token: '6', logprob: -9999 },
      { token: '2', logprob: -Number.MAX_VALUE },
    ]);
    assert.deepEqual([score, mass], [5, 1]);
  });

  it('takes a logprob that rounding has lifted above 0 as 0, and leaves out what is none', () => {
    assert.deepEqual(expectedScore([{ token: '5', logprob: 1e-6 }]), { score: 5, mass: 1 });
    const wrong = [Number.NaN, Number.POSITIVE_INFINITY, 3.2].map((logprob) => ({ token: '1', logprob }));
    assert.deepEqual(expectedScore(wrong), { score: null, mass: 0 });
    assert.equal(expectedScore([...wrong, { token: '4', logprob: 0 }]).score, 4);
  });

  it('counts a token once that is listed twice, and two tokens that are written alike both', () => {
    const one = { token: '3', logprob: Math.log(0.5) };
    assert.equal(expectedScore([one, one, ...tokens({ the: 0.5 })]).score, null);
    const alike = expectedScore([one, { token: '3', logprob: Math.log(0.46) }]);
    assert.ok(Math.abs(alike.mass - 0.96) < 1e-12 && alike.score !== null);
  });

  it('is what a table of the six says', () => {
    const token = fc.constantFrom('1', '2', '3', '4', '5', '6', ' 1', ' 6', '▁3', 'Ġ5', 'the', '7');
    const weights = fc.uniqueArray(fc.tuple(token, fc.double({ min: 1e-9, max: 1, noNaN: true })), {
      selector: ([one]) => one,
      minLength: 1,
    });
    fc.assert(
      fc.property(weights, fc.double({ min: 0.9, max: 1, noNaN: true }), (drawn, share) => {
        const sum = drawn.reduce((all, [, weight]) => all + weight, 0);
        const given = drawn.map(([one, weight]) => ({
          token: one,
          logprob: Math.log((weight / sum) * share),
        }));
        const { score, mass } = expectedScore(given);
        const wanted = tabled(given);
        assert.ok(Math.abs(mass - wanted.mass) < 1e-9 && mass <= 1);
        if (Math.abs(wanted.mass - LEAST_MASS) < 1e-9) return;
        if (wanted.mass < LEAST_MASS) assert.equal(score, null);
        else assert.ok(score !== null && Math.abs(score - wanted.score) < 1e-9 && score >= 1 && score <= 6);
      }),
    );
  });
});
