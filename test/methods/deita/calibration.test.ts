import assert from 'node:assert/strict';
import fc from 'fast-check';
import { agreement, scoreHistogram } from '../../../methods/deita/calibration.js';

const score = fc.oneof(fc.double({ min: 1, max: 6, noNaN: true }), fc.integer({ min: 1, max: 6 }));

describe('scoreHistogram', () => {
  it('has ten bins of 0.5, and 6 in the last', () => {
    const { bins, count, mean, sd } = scoreHistogram([1, 1.49, 1.5, 3, 6, 6]);
    assert.deepEqual(
      bins.map((bin) => bin.count),
      [2, 1, 0, 0, 1, 0, 0, 0, 0, 2],
    );
    assert.deepEqual(bins[0], { from: 1, to: 1.5, count: 2 });
    assert.deepEqual(bins[9], { from: 5.5, to: 6, count: 2 });
    assert.equal(count, 6);
    assert.ok(Math.abs((mean ?? 0) - 18.99 / 6) < 1e-12);
    assert.ok(Math.abs((sd ?? 0) - 2.2963776) < 1e-6);
  });

  it('has no mean without scores, and no deviation with one', () => {
    assert.deepEqual([scoreHistogram([]).mean, scoreHistogram([]).sd], [null, null]);
    assert.deepEqual([scoreHistogram([4]).mean, scoreHistogram([4]).sd], [4, null]);
  });

  it('counts every score once, where it belongs', () => {
    fc.assert(
      fc.property(fc.array(score), (scores) => {
        const { bins } = scoreHistogram(scores);
        for (const { from, to, count } of bins) {
          const inside = scores.filter((one) => one >= from && (one < to || (one === 6 && to === 6)));
          assert.equal(count, inside.length);
        }
        assert.equal(
          bins.reduce((sum, { count }) => sum + count, 0),
          scores.length,
        );
      }),
    );
  });

  it('refuses scores that are not on the scale', () => {
    for (const wrong of [0.99, 6.01, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => scoreHistogram([3, wrong]), RangeError);
  });
});

/** Cohen's weighted kappa from its table of confusions, as it is defined. */
function tabledKappa(pairs: [number, number][]): number | null {
  const n = pairs.length;
  const [firsts, seconds] = [0, 1].map((side) =>
    Array.from(
      { length: 7 },
      (_, s) => pairs.filter((pair) => Math.round(pair[side] as number) === s).length,
    ),
  ) as [number[], number[]];
  let observed = 0;
  let expected = 0;
  for (let i = 1; i <= 6; i++) {
    for (let j = 1; j <= 6; j++) {
      const weight = (i - j) ** 2 / 25;
      const both = pairs.filter(([a, b]) => Math.round(a) === i && Math.round(b) === j).length;
      observed += (weight * both) / n;
      expected += (weight * (firsts[i] as number) * (seconds[j] as number)) / n ** 2;
    }
  }
  return n === 0 || expected === 0 ? null : 1 - observed / expected;
}

describe('agreement', () => {
  it('of a scorer with itself is whole', () => {
    const pairs: [number, number][] = [
      [1, 1],
      [3.2, 3.2],
      [6, 6],
    ];
    const whole = agreement(pairs);
    assert.deepEqual(
      { ...whole, pearson: null },
      { count: 3, meanAbsoluteDifference: 0, exactAgreement: 1, pearson: null, quadraticKappa: 1 },
    );
    assert.ok(Math.abs((whole.pearson ?? 0) - 1) < 1e-12);
  });

  it('is known for four rows', () => {
    const found = agreement([
      [1, 2],
      [2, 2.4],
      [3, 5],
      [4, 4],
    ]);
    assert.equal(found.exactAgreement, 0.5);
    assert.ok(Math.abs((found.meanAbsoluteDifference ?? 0) - 0.85) < 1e-12);
    assert.ok(Math.abs((found.pearson ?? 0) - 0.7937147) < 1e-6);
    assert.ok(Math.abs((found.quadraticKappa ?? 0) - (1 - 1.25 / 3.5)) < 1e-12);
  });

  it('is null where it is not defined', () => {
    const none = { meanAbsoluteDifference: null, exactAgreement: null, pearson: null, quadraticKappa: null };
    assert.deepEqual(agreement([]), { count: 0, ...none });
    const same = agreement([
      [0.1 + 2.9, 4],
      [3, 5],
      [3, 4.4],
    ]);
    assert.equal(same.pearson, null);
    const one = agreement([[4, 4]]);
    assert.deepEqual([one.pearson, one.quadraticKappa], [null, null]);
  });

  it('has the kappa of the table, and a correlation that scaling does not change', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(score, score), { maxLength: 30 }), (pairs) => {
        const { quadraticKappa, pearson } = agreement(pairs);
        const tabled = tabledKappa(pairs);
        if (tabled === null || quadraticKappa === null) assert.equal(quadraticKappa, tabled);
        else assert.ok(Math.abs(quadraticKappa - tabled) < 1e-9, `${quadraticKappa} ${tabled}`);
        assert.ok(pearson === null || (pearson >= -1 && pearson <= 1));
        const turned = agreement(pairs.map(([a, b]) => [b, a] as const));
        assert.equal(turned.quadraticKappa, quadraticKappa);
      }),
    );
  });
});
