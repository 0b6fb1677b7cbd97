import assert from 'node:assert/strict';
import fc from 'fast-check';
import { interval, pairedDifference } from '../../../methods/evaluation/interval.js';

describe('interval', () => {
  it('is the mean and Student’s t times its standard error', () => {
    // scipy.stats.t.interval(0.95, 2, loc=2, scale=sem([1, 2, 3]))
    const { mean, low, high, n } = interval([1, 2, 3]);
    assert.equal(mean, 2);
    assert.equal(n, 3);
    assert.ok(Math.abs((low as number) - -0.48413771) < 1e-5);
    assert.ok(Math.abs((high as number) - 4.48413771) < 1e-5);
  });

  it('is not told of a single figure', () => {
    assert.deepEqual(interval([2.5]), { mean: 2.5, low: null, high: null, n: 1 });
  });

  it('narrows as figures of the same kind come in, at every number of them', () => {
    const widths = Array.from({ length: 1_200 }, (_, n) => {
      const { low, high } = interval(Array.from({ length: 2 * (n + 1) }, (_, i) => i % 2));
      return (high as number) - (low as number);
    });
    assert.ok(widths.every((width, n) => n === 0 || width < (widths[n - 1] as number)));
  });

  it('refuses no figures and such as are not finite', () => {
    assert.throws(() => interval([]), /needs figures/);
    assert.throws(() => interval([1, Number.NaN]), /not finite: NaN/);
  });
});

describe('paired difference', () => {
  it('sees what a common seed hides', () => {
    const { mean, low, high } = pairedDifference([3.1, 2.1, 5.1], [3, 2, 5]);
    assert.ok(Math.abs(mean - 0.1) < 1e-12);
    assert.ok((low as number) > 0.09 && (high as number) < 0.11);
  });

  it('changes its sign with its sides', () => {
    const pairs = fc.array(
      fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ min: -9, max: 9, noNaN: true })),
      { minLength: 2 },
    );
    fc.assert(
      fc.property(pairs, (both) => {
        const [a, b] = [both.map(([x]) => x), both.map(([, y]) => y)];
        assert.ok(Math.abs(pairedDifference(a, b).mean + pairedDifference(b, a).mean) < 1e-9);
      }),
    );
  });

  it('refuses lists of different lengths', () => {
    assert.throws(() => pairedDifference([1, 2], [1]), /2 figures cannot be paired with 1/);
  });
});
