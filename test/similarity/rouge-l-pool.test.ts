import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../methods/random.js';
import { rangeOf, signatureBytes } from '../../similarity/chunk-lists.js';
import { rougeL, rougeLFromLcs } from '../../similarity/rouge-l.js';
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import { comparableTokens, type Tokenisation } from '../../similarity/tokenise.js';

/** Few different words, so that long common subsequences and ties are frequent; up to 4 machine words long. */
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', 'é', '雨', '!', '🙂', 'x1'), { maxLength: 110 })
  .map((words) => words.join(' '));
const tokenisation = fc.constantFrom<Tokenisation>('rouge', 'unicode');

/** The definition, in full tables. */
function bruteForce(texts: string[], query: string, kind: Tokenisation) {
  let best: { id: string; similarity: number } | null = null;
  for (const [i, other] of texts.entries()) {
    const similarity = rougeL(comparableTokens(query, kind), comparableTokens(other, kind)).fMeasure;
    if (best === null || similarity > best.similarity) best = { id: String(i), similarity };
  }
  return best;
}

function poolOf(texts: string[], kind: Tokenisation = 'rouge'): RougeLPool {
  const pool = new RougeLPool({ tokenisation: kind });
  for (const [i, entry] of texts.entries()) pool.add(String(i), entry);
  return pool;
}

describe('RougeLPool.nearest', () => {
  it('is the exact maximum over the pool, the first added among equals', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), text, tokenisation, (texts, query, kind) => {
        assert.deepEqual(poolOf(texts, kind).nearest(query), bruteForce(texts, query, kind));
      }),
      { numRuns: 300 },
    );
  });

  it('with a threshold gives the same neighbour when it is strictly above, and null otherwise', () => {
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 12 }),
        text,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (texts, query, at) => {
          const all = bruteForce(texts, query, 'rouge');
          const expected = all !== null && all.similarity > at ? all : null;
          assert.deepEqual(poolOf(texts).nearest(query, { threshold: at }), expected);
        },
      ),
    );
  });

  it('is null for an empty pool', () => {
    assert.equal(poolOf([]).nearest('anything'), null);
  });

  it('sees a text that was added after the last question', () => {
    const pool = poolOf(['name a river in Peru']);
    pool.nearest('name a tree');
    pool.add('late', 'name a tree');
    assert.deepEqual(pool.nearest('name a tree'), { id: 'late', similarity: 1 });
    assert.equal(pool.size, 2);
  });
});

describe('RougeLPool.nearest without one entry', () => {
  it('is the nearest of the others', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), fc.nat(), (texts, number) => {
        const except = number % texts.length;
        const query = texts[except] as string;
        const others = texts.map((other, i) => ({ id: String(i), other })).filter((_, i) => i !== except);
        const pool = new RougeLPool({ tokenisation: 'rouge' });
        for (const { id, other } of others) pool.add(id, other);
        assert.deepEqual(poolOf(texts).nearest(query, { except }), pool.nearest(query));
      }),
    );
  });
});

describe('RougeLPool.comparer', () => {
  it('compares entries as rougeL does, several texts in turn', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 8 }), (texts) => {
        const pool = poolOf(texts);
        for (const round of [1, 2]) {
          const comparers = texts.map((_, entry) => pool.comparer(entry));
          for (const [i, one] of texts.entries()) {
            for (const [j, other] of texts.entries()) {
              const expected = rougeL(comparableTokens(one, 'rouge'), comparableTokens(other, 'rouge'));
              assert.equal(comparers[i]?.similarity(j), expected.fMeasure, `round ${round}`);
            }
          }
          assert.throws(() => pool.add('x', 'y'), /while comparers are open/);
          for (const comparer of comparers) comparer.end();
        }
        pool.add('x', 'y');
      }),
    );
  });
});

describe('RougeLPool.similarities', () => {
  it('lists what rougeL says of each text, in the order of adding', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), text, (texts, query) => {
        const expected = texts.map(
          (other) => rougeL(comparableTokens(query, 'rouge'), comparableTokens(other, 'rouge')).fMeasure,
        );
        assert.deepEqual([...poolOf(texts).similarities(query)], expected);
      }),
    );
  });
});

describe('texts without ASCII tokens', () => {
  const pool = poolOf(['写一首关于雨的诗', '🙂🙂', '', 'write a poem about rain']);

  it('are compared by their Unicode words, not taken for the same text', () => {
    assert.deepEqual(pool.nearest('写一首关于雨的诗'), { id: '0', similarity: 1 });
    const other = pool.nearest('解释潮汐的成因');
    assert.ok(other !== null && other.similarity < 0.7, JSON.stringify(other));
  });

  it('equal only themselves when they have no words at all', () => {
    assert.deepEqual(pool.nearest('🙂🙂'), { id: '1', similarity: 1 });
    assert.equal(pool.nearest('🙁')?.similarity, 0);
  });

  it('share nothing with a text that has tokens', () => {
    assert.equal(poolOf(['写一首诗']).nearest('write a poem')?.similarity, 0);
  });
});

describe('RougeLPool on lists of very different lengths', () => {
  /** Lengths around the limits of machine words and signature sizes, of few or of many different words. */
  const list = fc
    .tuple(fc.constantFrom(1, 2, 63, 64, 65, 255, 256, 257, 700), fc.constantFrom(2, 30, 100_000), fc.nat())
    .map(([length, kinds, seed]) => {
      const random = seededRandom('list', seed);
      return Array.from({ length }, () => `w${random.int(kinds)}`).join(' ');
    });

  it('gives the brute-force verdict at any threshold', () => {
    fc.assert(
      fc.property(
        fc.array(list, { maxLength: 6 }),
        list,
        fc.constantFrom(0, 0.2, 0.5, 0.7, 0.85, 1),
        (texts, query, at) => {
          // A near copy, so that high thresholds have something to find.
          const near = query.split(' ').slice(1).concat('other').join(' ');
          const all = bruteForce([...texts, near], query, 'rouge');
          const expected = all !== null && all.similarity > at ? all : null;
          assert.deepEqual(poolOf([...texts, near]).nearest(query, { threshold: at }), expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds the same with the same length more often than one chunk has places', () => {
    const random = seededRandom('chunks');
    const texts = Array.from({ length: 300 }, () =>
      Array.from({ length: 12 }, () => `w${random.int(40)}`).join(' '),
    );
    const pool = poolOf(texts);
    for (const query of texts.slice(0, 40)) {
      const varied = query.replace(/^\w+/, 'new');
      assert.deepEqual(pool.nearest(varied), bruteForce(texts, varied, 'rouge'));
    }
  });

  it('compares texts of 10,000 tokens', () => {
    const words = Array.from({ length: 10_000 }, (_, place) => `w${place % 997}`);
    const pool = poolOf([words.join(' '), words.toReversed().join(' ')]);
    const similarity = pool.nearest(words.slice(0, 9_000).join(' '), { threshold: 0.7 })?.similarity;
    assert.equal(similarity, rougeL(words.slice(0, 9_000), words).fMeasure);
  });

  it('refuses a text that is too long to be compared', () => {
    const pool = new RougeLPool({ tokenisation: 'rouge' });
    assert.throws(() => pool.add('long', 'a '.repeat(40_000)), /40000 tokens is too long .*32767/);
  });
});

/** The greatest number below a positive one. */
function justBelow(value: number): number {
  const bits = new BigInt64Array(1);
  const number = new Float64Array(bits.buffer);
  number[0] = value;
  bits[0] = (bits[0] as bigint) - 1n;
  return number[0];
}

describe('RougeLPool on adversarial lists', () => {
  /** One word all along, no word twice (the same ones in each list, or others), runs, and halves that changed places. */
  const patterns: Record<string, (place: number, length: number, seed: number) => string> = {
    equal: () => 'same',
    distinct: (place) => `w${place}`,
    others: (place, _, seed) => `v${seed}x${place}`,
    runs: (place, length) => `r${Math.floor((place * 4) / Math.max(1, length))}`,
    halves: (place, length) => `w${(place + (length >> 1)) % Math.max(1, length)}`,
    alternating: (place) => `a${place % 2}`,
  };
  const lengths = [0, 1, 2, 7, 8, 9, 62, 63, 64, 65, 127, 128, 130, 255, 256, 300];
  const list = fc
    .tuple(fc.constantFrom(...Object.keys(patterns)), fc.constantFrom(...lengths), fc.nat(3))
    .map(([name, length, seed]) =>
      Array.from({ length }, (_, place) => patterns[name]?.(place, length, seed)).join(' '),
    );

  it('gives the brute-force verdict on an exact tie with the threshold, and on either side of it', () => {
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 5 }), list, (texts, query) => {
        const pool = poolOf(texts);
        const best = bruteForce(texts, query, 'rouge');
        assert.deepEqual(pool.nearest(query), best);
        if (best === null || best.similarity === 0) return;
        assert.equal(pool.nearest(query, { threshold: best.similarity }), null);
        assert.deepEqual(pool.nearest(query, { threshold: justBelow(best.similarity) }), best);
      }),
      { numRuns: 150 },
    );
  });

  it('gives it with 10,000 equal and 10,000 different tokens', () => {
    const words = (length: number, word: (place: number) => string) =>
      Array.from({ length }, (_, place) => word(place)).join(' ');
    const equal = words(10_000, () => 'same');
    const distinct = words(10_000, (place) => `w${place}`);
    const pool = poolOf([equal, distinct, '', 'same']);
    const asked = [
      { query: words(9_000, () => 'same'), id: '0' },
      { query: words(9_000, (place) => `w${place + 1_000}`), id: '1' },
    ];
    for (const { query, id } of asked) {
      const similarity = rougeLFromLcs(9_000, 9_000, 10_000);
      assert.equal(pool.nearest(query, { threshold: similarity }), null);
      assert.deepEqual(pool.nearest(query, { threshold: justBelow(similarity) }), { id, similarity });
    }
    assert.deepEqual(pool.nearest('same'), { id: '3', similarity: 1 });
  });
});

describe('rangeOf', () => {
  it('grows with the length, and no range has two sizes of signatures', () => {
    for (let length = 1; length <= 32_767; length += 1) {
      const step = rangeOf(length) - rangeOf(length - 1);
      assert.ok(step === 0 || step === 1, `${length}`);
      if (step === 0) assert.equal(signatureBytes(length), signatureBytes(length - 1), `${length}`);
    }
  });
});

describe('a saved RougeLPool', () => {
  it('answers as the pool that was saved, also for texts that are added later', () => {
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 12 }),
        text,
        text,
        tokenisation,
        (texts, added, query, kind) => {
          const pool = poolOf(texts, kind);
          const loaded = RougeLPool.load(pool.save());
          for (const one of [pool, loaded]) one.add('added', added);
          assert.deepEqual(loaded.nearest(query), pool.nearest(query));
          assert.deepEqual(loaded.similarities(query), pool.similarities(query));
        },
      ),
    );
  });

  it('is refused when a part of it is missing', () => {
    const saved = poolOf(['one two three', 'four']).save();
    assert.throws(() => RougeLPool.load({ ...saved, tokens: saved.tokens.slice(1) }), /entry 1 .* not whole/);
    assert.throws(() => RougeLPool.load({ ...saved, words: ['one'] }), /entry 0 .* not whole/);
    assert.throws(() => RougeLPool.load({ ...saved, version: 2 as 1 }), /version 2/);
  });
});
