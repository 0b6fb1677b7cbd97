import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../methods/random.js';
import { cosine } from '../../similarity/cosine.js';
import { CosineIndex } from '../../similarity/cosine-index.js';
import { anyVectors, closeVectors } from './vectors.js';

interface Case {
  query: Float32Array;
  vectors: Float32Array[];
}

const vectorSets: fc.Arbitrary<Case> = fc.oneof(anyVectors, closeVectors);

/** The definition. */
function bruteForce({ query, vectors }: Case, threshold = -2) {
  let best: { id: string; similarity: number } | null = null;
  for (const [i, other] of vectors.entries()) {
    const similarity = cosine(query, other);
    if (similarity > (best?.similarity ?? threshold)) best = { id: String(i), similarity };
  }
  return best;
}

function indexOf({ query, vectors }: Case): CosineIndex {
  const index = new CosineIndex({ dimensions: query.length });
  for (const [i, vector] of vectors.entries()) index.add(String(i), vector);
  return index;
}

/** Vectors in clusters, more than fit one chunk of the index. */
function clustered(count: number, dimensions: number): Float32Array[] {
  const random = seededRandom('clusters', count, dimensions);
  const centres = Array.from({ length: 20 }, () =>
    Float32Array.from({ length: dimensions }, () => random.next() - 0.5),
  );
  return Array.from({ length: count }, () => {
    const centre = centres[random.int(centres.length)] as Float32Array;
    const spread = random.next();
    return centre.map((value) => value + spread * (random.next() - 0.5));
  });
}

describe('CosineIndex.nearest', () => {
  it('is the exact maximum over the index, the first added among equals', () => {
    fc.assert(
      fc.property(vectorSets, (set) => {
        assert.deepEqual(indexOf(set).nearest(set.query), bruteForce(set));
      }),
      { numRuns: 300 },
    );
  });

  it('with a threshold gives the same neighbour when it is strictly above, and null otherwise', () => {
    fc.assert(
      fc.property(vectorSets, fc.double({ min: -1, max: 1, noNaN: true }), (set, threshold) => {
        assert.deepEqual(indexOf(set).nearest(set.query, { threshold }), bruteForce(set, threshold));
      }),
      { numRuns: 300 },
    );
  });

  it('decides cosines that differ from the threshold in the last bit', () => {
    fc.assert(
      fc.property(closeVectors, fc.nat(), (set, which) => {
        const other = set.vectors[which % set.vectors.length];
        const exact = other === undefined ? 0 : cosine(set.query, other);
        for (const threshold of [exact, exact - Number.EPSILON, exact + Number.EPSILON, set.cosine])
          assert.deepEqual(indexOf(set).nearest(set.query, { threshold }), bruteForce(set, threshold));
      }),
    );
  });

  it('finds the same among thousands, in clusters', () => {
    const vectors = clustered(2_000, 40);
    const index = indexOf({ query: vectors[0] as Float32Array, vectors });
    for (const query of clustered(30, 40)) {
      assert.deepEqual(index.nearest(query), bruteForce({ query, vectors }));
      for (const threshold of [0.5, 0.7, 0.9])
        assert.deepEqual(index.nearest(query, { threshold }), bruteForce({ query, vectors }, threshold));
    }
  });

  it('is null for an empty index', () => {
    assert.equal(new CosineIndex({ dimensions: 2 }).nearest(Float32Array.of(1, 2)), null);
  });

  it('sees a vector that was added after the last question', () => {
    const index = new CosineIndex({ dimensions: 2 });
    index.add('first', Float32Array.of(1, 0));
    index.nearest(Float32Array.of(0, 1));
    index.add('late', Float32Array.of(0, 1));
    assert.deepEqual(index.nearest(Float32Array.of(0, 1)), { id: 'late', similarity: 1 });
    assert.equal(index.size, 2);
  });

  it('keeps what was added when the caller changes the array', () => {
    const index = new CosineIndex({ dimensions: 2 });
    const vector = Float32Array.of(1, 0);
    index.add('one', vector);
    index.nearest(vector);
    vector.set([0, 1]);
    assert.equal(index.nearest(vector)?.similarity, 0);
  });

  it('finds that vectors of zeros are similar to nothing, not even each other', () => {
    const index = new CosineIndex({ dimensions: 3 });
    index.add('zero', new Float32Array(3));
    assert.deepEqual(index.nearest(new Float32Array(3)), { id: 'zero', similarity: 0 });
    assert.equal(index.nearest(Float32Array.of(1, 2, 3), { threshold: 0 }), null);
  });

  it('compares vectors of 4,099 components', () => {
    const vectors = clustered(40, 4_099);
    const query = vectors.at(-1) as Float32Array;
    const set = { query: query.map((value, i) => (i % 7 === 0 ? 0 : value)), vectors };
    assert.deepEqual(indexOf(set).nearest(set.query, { threshold: 0.7 }), bruteForce(set, 0.7));
  });
});

describe('CosineIndex.nearestBatch', () => {
  it('gives each vector the answer of nearest', () => {
    const vectors = clustered(700, 17);
    const index = indexOf({ query: vectors[0] as Float32Array, vectors });
    const queries = clustered(75, 17);
    for (const options of [{}, { threshold: 0.9 }])
      assert.deepEqual(
        index.nearestBatch(queries, options),
        queries.map((query) => index.nearest(query, options)),
      );
    assert.deepEqual(index.nearestBatch([]), []);
  });
});

describe('CosineIndex.addDistinct', () => {
  /** The definition: one after another. */
  function oneByOne(index: CosineIndex, vectors: Float32Array[], threshold: number) {
    return vectors.map((vector, i) => {
      const neighbour = index.nearest(vector, { threshold });
      if (neighbour === null) index.add(String(i), vector);
      return neighbour;
    });
  }
  const named = (vectors: Float32Array[]) => vectors.map((item, i) => ({ id: String(i), item }));

  it('adds and leaves out what nearest and add in turn would', () => {
    fc.assert(
      fc.property(vectorSets, fc.double({ min: -1, max: 1, noNaN: true }), (set, threshold) => {
        const vectors = [...set.vectors, ...set.vectors, set.query];
        const index = new CosineIndex({ dimensions: set.query.length });
        const twin = new CosineIndex({ dimensions: set.query.length });
        const expected = oneByOne(twin, vectors, threshold);
        assert.deepEqual(index.addDistinct(named(vectors), { threshold }), expected);
        assert.deepEqual(index.save(), twin.save());
      }),
      { numRuns: 60 },
    );
  });

  it('does so over several chunks of an index that is not empty', () => {
    const [before, vectors] = [clustered(100, 33), clustered(1_500, 33)];
    const index = indexOf({ query: before[0] as Float32Array, vectors: before });
    const twin = CosineIndex.load(index.save());
    const expected = oneByOne(twin, vectors, 0.8);
    assert.ok(expected.filter((neighbour) => neighbour === null).length > 300);
    assert.deepEqual(index.addDistinct(named(vectors), { threshold: 0.8 }), expected);
    assert.deepEqual(index.save(), twin.save());
  });

  it('adds nothing when one of them cannot be compared', () => {
    const index = new CosineIndex({ dimensions: 2 });
    const entries = named([Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(Number.NaN, 1)]);
    assert.throws(() => index.addDistinct(entries, { threshold: 0.7 }), /component 0 of the vector of "2"/);
    assert.throws(() => index.addDistinct(entries.slice(0, 2), { threshold: Number.NaN }), /NaN/);
    assert.equal(index.size, 0);
  });
});

describe('CosineIndex.similarities', () => {
  it('lists the cosine with each vector, in the order of adding', () => {
    fc.assert(
      fc.property(vectorSets, (set) => {
        const expected = set.vectors.map((other) => cosine(set.query, other));
        assert.deepEqual([...indexOf(set).similarities(set.query)], expected);
      }),
    );
  });
});

describe('CosineIndex.raiseHighest', () => {
  it('keeps the highest similarity of each vector to those it was called with', () => {
    fc.assert(
      fc.property(vectorSets, (set) => {
        const index = indexOf(set);
        const chosen = [set.query, ...set.vectors.slice(0, 4)];
        const highest = new Float64Array(set.vectors.length).fill(Number.NEGATIVE_INFINITY);
        for (const vector of chosen) index.raiseHighest(vector, highest);
        const expected = set.vectors.map((other) => Math.max(...chosen.map((one) => cosine(one, other))));
        assert.deepEqual([...highest], expected);
      }),
    );
  });

  it('does so over several chunks of an index', () => {
    const vectors = clustered(700, 33);
    const index = indexOf({ query: vectors[0] as Float32Array, vectors });
    const highest = new Float64Array(700).fill(Number.NEGATIVE_INFINITY);
    const chosen = vectors.slice(0, 30);
    for (const vector of chosen) index.raiseHighest(vector, highest);
    const expected = vectors.map((other) => Math.max(...chosen.map((one) => cosine(one, other))));
    assert.deepEqual([...highest], expected);
  });
});

describe('a CosineIndex given what it cannot compare', () => {
  const index = new CosineIndex({ dimensions: 3 });
  const good = Float32Array.of(1, 2, 3);
  index.add('good', good);

  it('refuses another number of components and names the entry', () => {
    assert.throws(() => index.add('a7', Float32Array.of(1, 2)), {
      name: 'RangeError',
      message: 'the vector of "a7" has 2 components; this index has 3',
    });
    assert.throws(() => index.nearest(new Float32Array(0)), /the vector has 0 components; this index has 3/);
    assert.throws(() => index.nearestBatch([good, new Float32Array(4)]), /vector 1 has 4 components/);
    assert.throws(() => index.raiseHighest(good, new Float64Array(2)), /2 highest .* index of 1 vectors/);
  });

  it('refuses NaN and infinite components and says which', () => {
    assert.throws(() => index.add('a7', Float32Array.of(1, Number.NaN, 2)), {
      name: 'RangeError',
      message: 'component 1 of the vector of "a7" is NaN: only finite numbers can be compared',
    });
    const infinite = Float32Array.of(1, 2, Number.NEGATIVE_INFINITY);
    assert.throws(() => index.similarities(infinite), /component 2 of the vector is -Infinity/);
    assert.throws(() => index.nearest(infinite), /component 2 of the vector is -Infinity/);
    assert.throws(() => index.raiseHighest(infinite, new Float64Array(1)), /component 2/);
    assert.throws(() => index.nearest(good, { threshold: Number.NaN }), /threshold is NaN/);
  });

  it('is as it was afterwards', () => {
    assert.equal(index.size, 1);
    assert.deepEqual(index.nearest(good), { id: 'good', similarity: 1 });
  });

  it('is not made for no components, or too many', () => {
    for (const dimensions of [0, -1, 1.5, Number.NaN, 65_537])
      assert.throws(() => new CosineIndex({ dimensions }), /vectors need 1 to 65536 components, not/);
  });
});

describe('a saved CosineIndex', () => {
  it('answers as the index that was saved, also for vectors that are added later', () => {
    fc.assert(
      fc.property(vectorSets, (set) => {
        const index = indexOf(set);
        const loaded = CosineIndex.load(index.save());
        for (const one of [index, loaded]) one.add('added', set.query);
        assert.deepEqual(loaded.nearest(set.query), index.nearest(set.query));
        assert.deepEqual(loaded.similarities(set.query), index.similarities(set.query));
        assert.deepEqual(loaded.save(), index.save());
      }),
    );
  });

  it('is refused when a part of it is missing', () => {
    const saved = indexOf({ query: Float32Array.of(1, 2), vectors: [Float32Array.of(3, 4)] }).save();
    assert.throws(
      () => CosineIndex.load({ ...saved, vectors: saved.vectors.slice(1) }),
      /1 components for 1 vectors of 2/,
    );
    assert.throws(() => CosineIndex.load({ ...saved, version: 2 as 1 }), /version 2/);
  });
});
