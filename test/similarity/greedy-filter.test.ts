import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type FilterItem,
  FilterItemError,
  GreedyFilter,
  type ItemFilter,
} from '../../similarity/greedy-filter.js';
import { rougeL } from '../../similarity/rouge-l.js';
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import { answerFromIndex, SharedFilter } from '../../similarity/shared-filter.js';
import { comparableTokens } from '../../similarity/tokenise.js';

const emptyPool = () => new RougeLPool({ tokenisation: 'rouge' });

/** Few different words: many near copies and many ties. */
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', 'e', '雨', '!'), { maxLength: 9 })
  .map((words) => words.join(' '));
const texts = fc.array(text, { maxLength: 40 });
const threshold = fc.constantFrom(0, 0.3, 0.5, 0.7, 0.85, 1);
const itemsOf = (list: readonly string[], mark: string): FilterItem<string>[] =>
  list.map((item, n) => ({ id: `${mark}${n}`, item }));

/** The definition. */
function bruteForce(known: FilterItem<string>[], offered: FilterItem<string>[], limit: number) {
  const pool = [...known];
  let pairsConsidered = 0;
  const verdicts = offered.map((one) => {
    let nearest: { id: string; similarity: number } | null = null;
    for (const other of pool) {
      pairsConsidered += 1;
      const tokens = (item: string) => comparableTokens(item, 'rouge');
      const similarity = rougeL(tokens(one.item), tokens(other.item)).fMeasure;
      if (similarity > (nearest?.similarity ?? limit)) nearest = { id: other.id, similarity };
    }
    if (nearest === null) pool.push(one);
    return nearest;
  });
  return { verdicts, pairsConsidered };
}

function shared(options: { shares: number; threshold: number }): ItemFilter<string> {
  const shares = Array.from({ length: options.shares }, () => {
    const index = emptyPool();
    return async (question: Parameters<typeof answerFromIndex<string>>[1]) =>
      answerFromIndex(index, question);
  });
  return new SharedFilter({ shares, newIndex: emptyPool, threshold: options.threshold });
}

/** All verdicts, with the items offered in blocks. */
async function verdictsOf(filter: ItemFilter<string>, items: FilterItem<string>[], blockSize: number) {
  const verdicts = [];
  for (let at = 0; at < items.length; at += blockSize) {
    verdicts.push(...(await filter.offer(items.slice(at, at + blockSize))));
  }
  return verdicts;
}

const kinds = [
  {
    name: 'GreedyFilter',
    make: (limit: number) => new GreedyFilter({ index: emptyPool(), threshold: limit }),
  },
  { name: 'SharedFilter of one share', make: (limit: number) => shared({ shares: 1, threshold: limit }) },
  { name: 'SharedFilter of three shares', make: (limit: number) => shared({ shares: 3, threshold: limit }) },
];

for (const { name, make } of kinds) {
  describe(name, () => {
    it('gives the verdicts and counts of brute force, whatever the blocks', async () => {
      await fc.assert(
        fc.asyncProperty(
          texts,
          texts,
          threshold,
          fc.integer({ min: 1, max: 50 }),
          async (before, list, limit, blockSize) => {
            const known = itemsOf(before, 'known-');
            const offered = itemsOf(list, 'row-');
            const filter = make(limit);
            await filter.know(known);
            const verdicts = await verdictsOf(filter, offered, blockSize);
            const expected = bruteForce(known, offered, limit);
            assert.deepEqual(verdicts, expected.verdicts);
            const kept = verdicts.filter((verdict) => verdict === null).length;
            const { pairsScored, ...counts } = filter.counts;
            assert.deepEqual(counts, {
              kept,
              dropped: list.length - kept,
              pairsConsidered: expected.pairsConsidered,
            });
            assert.ok(pairsScored <= expected.pairsConsidered, `${pairsScored}`);
          },
        ),
        { numRuns: 60 },
      );
    });

    it('names the item that cannot be compared, and the first one of several', async () => {
      const long = 'a '.repeat(40_000);
      const items = itemsOf(['a b', 'c d', long, 'e f', long], 'row-');
      const isThird = (error: Error) =>
        error instanceof FilterItemError && error.place === 2 && /40000 tokens/.test(error.message);
      const offering = make(0.7);
      await offering.offer(itemsOf(['x', 'y', 'z'], 'first-'));
      await assert.rejects(async () => await offering.offer(items), isThird);
      const knowing = make(0.7);
      await knowing.offer(itemsOf(['x', 'y', 'z'], 'first-'));
      await assert.rejects(async () => await knowing.know(items), isThird);
    });
  });
}
