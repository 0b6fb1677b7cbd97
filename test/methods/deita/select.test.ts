import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cosineHistogram, nearestCosines, quantile } from '../../../methods/deita/nearest-cosines.js';
import { byScore, selectCentres, selectDistinct, type Vectors } from '../../../methods/deita/select.js';
import { seededRandom } from '../../../methods/random.js';

interface Pool {
  vectors: number[][];
  scores: number[];
}

const pools = fc
  .record({
    kind: fc.constantFrom('random', 'clustered'),
    count: fc.integer({ min: 1, max: 150 }),
    dimensions: fc.constantFrom(2, 3, 16, 65),
    seed: fc.nat(),
  })
  .map(({ kind, count, dimensions, seed }): Pool => {
    const random = seededRandom('select test', seed);
    const vector = () => Array.from({ length: dimensions }, () => Math.fround(random.next() - 0.5));
    const centres = Array.from({ length: Math.ceil(count / 6) }, vector);
    const vectors = Array.from({ length: count }, () => {
      const centre = centres[random.int(centres.length)] as number[];
      const spread = random.next();
      const own = vector();
      if (kind === 'random') return own;
      return own.map((component, i) => Math.fround((centre[i] as number) + spread * component));
    });
    return { vectors, scores: vectors.map(() => random.next()) };
  });
const tau = fc.constantFrom(0, 0.5, 0.9, 0.97);

function vectorsOf(rows: number[][]): Vectors {
  return {
    dimensions: rows[0]?.length ?? 0,
    row: (number) => Float32Array.from(rows[number] as number[]),
  };
}

function finish<Result>(work: Generator<unknown, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

function float64Cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a)) / Math.sqrt(dot(b, b));
}

/** The authors' loop as it is told in the paper, in float64. */
function naive({ vectors, scores }: Pool, threshold: number, size: number) {
  const order = scores.map((_, row) => row).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const selected: number[] = [];
  const rejected: number[] = [];
  let nearestToThreshold = Number.POSITIVE_INFINITY;
  for (const row of order) {
    if (selected.length === size) break;
    const cosines = selected.map((other) =>
      float64Cosine(vectors[row] as number[], vectors[other] as number[]),
    );
    for (const cosine of cosines)
      nearestToThreshold = Math.min(nearestToThreshold, Math.abs(cosine - threshold));
    (cosines.some((cosine) => cosine > threshold) ? rejected : selected).push(row);
  }
  return { selected, rejected, isDefined: nearestToThreshold > 1e-6 };
}

describe("DEITA's selection", () => {
  const select = (pool: Pool, threshold: number, size: number) => {
    const rows = pool.scores.map((_, row) => row);
    const score = (row: number) => pool.scores[row] as number;
    const order = byScore({ rows, score, compareTies: () => 0 });
    return finish(selectDistinct({ order, vectors: vectorsOf(pool.vectors), threshold, size }));
  };

  it('picks what the plain loop in float64 picks, in its order', () => {
    fc.assert(
      fc.property(pools, tau, fc.integer({ min: 1, max: 160 }), (pool, threshold, size) => {
        const expected = naive(pool, threshold, size);
        fc.pre(expected.isDefined && new Set(pool.scores).size === pool.scores.length);
        const picks = select(pool, threshold, size);
        assert.deepEqual(picks.selected, expected.selected);
        assert.deepEqual([...picks.similar.keys()], expected.rejected);
      }),
      { numRuns: 300 },
    );
  });

  it('names the nearest of those selected before, and how near it is', () => {
    fc.assert(
      fc.property(pools, tau, (pool, threshold) => {
        const { selected, similar } = select(pool, threshold, 20);
        for (const [row, { nearest, cosine }] of similar) {
          const better = selected.filter(
            (other) => (pool.scores[other] as number) > (pool.scores[row] as number),
          );
          const cosines = better.map((other) =>
            float64Cosine(pool.vectors[row] as number[], pool.vectors[other] as number[]),
          );
          assert.ok(better.includes(nearest));
          assert.ok(Math.abs(cosine - Math.max(...cosines)) < 1e-9);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('counts each row that it looks at with all that were selected before', () => {
    const vectors = [
      [1, 0],
      [1, 0.001],
      [0, 1],
      [-1, 0],
      [0, -1],
    ];
    const picks = select({ vectors, scores: [5, 4, 3, 2, 1] }, 0.9, 3);
    assert.deepEqual(picks.selected, [0, 2, 3]);
    assert.equal(picks.comparisons, 0 + 1 + 1 + 2);
  });

  it('does not reject a cosine that is the threshold itself', () => {
    const picks = select(
      {
        vectors: [
          [2, 0],
          [1, 0],
        ],
        scores: [2, 1],
      },
      1,
      2,
    );
    assert.deepEqual(picks.selected, [0, 1]);
  });

  it('takes a vector that is all zeros for similar to nothing', () => {
    const picks = select(
      {
        vectors: [
          [0, 0],
          [0, 0],
          [1, 0],
        ],
        scores: [3, 2, 1],
      },
      0.5,
      3,
    );
    assert.deepEqual(picks.selected, [0, 1, 2]);
  });
});

describe('byScore', () => {
  it('puts the highest first, and decides ties by what it is told, then by the row', () => {
    const scores = [1, 3, 3, 2, 3];
    const names = ['', 'b', 'a', '', 'b'];
    const order = byScore({
      rows: [0, 1, 2, 3, 4],
      score: (row) => scores[row] as number,
      compareTies: (a, b) => (names[a] as string).localeCompare(names[b] as string),
    });
    assert.deepEqual(order, [2, 1, 4, 3, 0]);
  });

  it('refuses a score that is not finite', () => {
    const score = (row: number) => (row === 1 ? Number.NaN : 1);
    assert.throws(() => byScore({ rows: [0, 1], score, compareTies: () => 0 }), /the score of row 1 is NaN/);
  });
});

describe('selectCentres', () => {
  it('selects always the row that is farthest from all selected ones', () => {
    fc.assert(
      fc.property(pools, fc.integer({ min: 1, max: 12 }), ({ vectors }, size) => {
        const rows = vectors.map((_, row) => row);
        const { selected } = finish(selectCentres({ rows, vectors: vectorsOf(vectors), size }));
        assert.equal(new Set(selected).size, Math.min(size, rows.length));
        assert.equal(selected[0], 0);
        for (const [at, row] of selected.entries()) {
          if (at === 0) continue;
          const before = selected.slice(0, at);
          const highest = (one: number) =>
            Math.max(
              ...before.map((other) => float64Cosine(vectors[one] as number[], vectors[other] as number[])),
            );
          const lowest = Math.min(...rows.filter((one) => !before.includes(one)).map(highest));
          assert.ok(highest(row) - lowest < 1e-9);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('nearestCosines', () => {
  it('is the cosine to the nearest other row, lowest first', () => {
    fc.assert(
      fc.property(pools, ({ vectors }) => {
        const rows = vectors.map((_, row) => row);
        const sample = rows.filter((row) => row % 3 === 0).reverse();
        const found = finish(nearestCosines({ rows, sample, vectors: vectorsOf(vectors) }));
        const expected = sample.map((row) =>
          Math.max(
            ...rows
              .filter((other) => other !== row)
              .map((other) => float64Cosine(vectors[row] as number[], vectors[other] as number[])),
          ),
        );
        if (rows.length < 2) return assert.equal(found.length, 0);
        assert.equal(found.length, expected.length);
        for (const [at, cosine] of expected.sort((a, b) => a - b).entries())
          assert.ok(Math.abs(cosine - (found[at] as number)) < 1e-9);
      }),
      { numRuns: 100 },
    );
  });

  it('is 1 for a row that is there twice', () => {
    const vectors = vectorsOf([
      [1, 2],
      [3, -1],
      [1, 2],
    ]);
    const found = finish(nearestCosines({ rows: [0, 1, 2], sample: [0, 2], vectors }));
    assert.deepEqual([...found], [1, 1]);
  });
});

describe('cosineHistogram', () => {
  it('counts in bins of 0.05, those between included, and 1 in the last', () => {
    const histogram = cosineHistogram(Float64Array.of(0.83, 0.84, 0.85, 1));
    assert.deepEqual(histogram, [
      { from: 0.8, to: 0.85, count: 2 },
      { from: 0.85, to: 0.9, count: 1 },
      { from: 0.9, to: 0.95, count: 0 },
      { from: 0.95, to: 1, count: 1 },
    ]);
    assert.deepEqual(cosineHistogram(Float64Array.of(-1)), [{ from: -1, to: -0.95, count: 1 }]);
    assert.deepEqual(cosineHistogram(new Float64Array()), []);
  });
});

describe('quantile', () => {
  it('lies between two numbers where the share does', () => {
    const sorted = Float64Array.of(0, 1, 2, 10);
    assert.deepEqual(
      [0, 0.5, 0.9, 1].map((q) => Number(quantile(sorted, q).toFixed(9))),
      [0, 1.5, 7.6, 10],
    );
  });
});
