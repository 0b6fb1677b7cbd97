import assert from 'node:assert/strict';
import { seededRandom } from '../../methods/random.js';
import type { FilterItem, FilterVerdict } from '../../similarity/greedy-filter.js';
import { openFilter } from '../../workers/threads/threaded-filter.js';

const random = seededRandom('threaded filter');
const items: FilterItem<string>[] = Array.from({ length: 3_000 }, (_, row) => ({
  id: `row-${row}`,
  item: Array.from({ length: 4 + random.int(8) }, () => `w${random.int(12)}`).join(' '),
}));

async function verdicts(threads: number, blockSize: number) {
  const kind = { metric: 'rouge-l', tokenisation: 'rouge' } as const;
  const { filter, close } = openFilter<string>({ kind, threshold: 0.6, threads });
  try {
    await filter.know(items.slice(0, 100));
    const all: FilterVerdict[] = [];
    for (let at = 100; at < items.length; at += blockSize)
      all.push(...(await filter.offer(items.slice(at, at + blockSize))));
    const { pairsScored: _, ...counts } = filter.counts;
    return { all, counts };
  } finally {
    await close();
  }
}

describe('openFilter', () => {
  it('gives the same verdicts with several threads as with none', async () => {
    const alone = await verdicts(1, 500);
    assert.ok(alone.counts.kept > 500 && alone.counts.dropped > 500, JSON.stringify(alone.counts));
    assert.deepEqual(await verdicts(3, 500), alone);
  });
});
