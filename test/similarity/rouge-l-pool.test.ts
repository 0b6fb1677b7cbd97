import assert from 'node:assert/strict';
import fc from 'fast-check';
import { rougeL } from '../../similarity/rouge-l.js';
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
