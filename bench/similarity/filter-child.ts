/** One go of the greedy filter in a process of its own, so that its peak memory is its own. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { readRows } from '../../client/read-rows.js';
import { openFilter } from '../../workers/threads/threaded-filter.js';

export interface FilterGo {
  /** JSON Lines: a text each. */
  texts: string;
  /** Where a line for each text goes: `null` for a kept one, else `[row of its nearest neighbour, similarity]`. */
  verdicts: string;
  threshold: number;
  threads: number;
}

export interface FilterResult {
  /** In the filter, tokenising included; without reading, writing and the start of threads. */
  seconds: number;
  kept: number;
  /** Pairs that brute force would compare, and those whose similarity had to be computed. */
  pairsConsidered: number;
  pairsScored: number;
  /** Of the whole process with its threads. */
  peakMemoryMb: number;
}

/** As `seedmill dedupe` offers them. */
const blockSize = 2_048;

const go = JSON.parse(process.argv[2] as string) as FilterGo;
const { filter, close } = openFilter<string>({
  kind: { metric: 'rouge-l', tokenisation: 'rouge' },
  threshold: go.threshold,
  threads: go.threads,
});
await filter.know([]);
const out = createWriteStream(go.verdicts);
let milliseconds = 0;
for await (const rows of readRows({ file: go.texts, format: 'jsonl', blockSize })) {
  const block = rows.map(({ row, text }) => ({ id: String(row - 1), item: JSON.parse(text) as string }));
  const start = performance.now();
  const verdicts = await filter.offer(block);
  milliseconds += performance.now() - start;
  for (const verdict of verdicts)
    out.write(verdict === null ? 'null\n' : `[${verdict.id},${verdict.similarity}]\n`);
}
await close();
out.end();
await finished(out);
const { kept, pairsConsidered, pairsScored } = filter.counts;
const result: FilterResult = {
  seconds: milliseconds / 1_000,
  kept,
  pairsConsidered,
  pairsScored,
  peakMemoryMb: process.resourceUsage().maxRSS / 1_024,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
