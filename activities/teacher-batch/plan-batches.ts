import type { Prompt } from '../../methods/prompt.js';
import { highestOfTwo } from '../highest-spend.js';
import type { PlannedBatch, PlannedShard } from '../types.js';

/** What a Batch API takes in one file. */
export const MAX_REQUESTS = 50_000;
/** It would take 200 MB; a worker holds a file three times while it sends it. */
export const MAX_FILE_BYTES = 100_000_000;
/** Of a row, around the prompt. */
const BYTES_AROUND_PROMPT = 1000;

/** Puts whole shards together as long as their first requests fit into one file; a shard is never divided. */
export function planBatches(options: {
  shards: PlannedShard[];
  /** Of each shard's first requests. */
  bytes: number[];
}): PlannedBatch[] {
  const batches: PlannedBatch[] = [];
  let bytes = 0;
  for (const [n, { from, to, highest }] of options.shards.entries()) {
    const more = options.bytes[n] ?? 0;
    const last = batches.at(-1);
    if (last && to - last.from <= MAX_REQUESTS && bytes + more <= MAX_FILE_BYTES) {
      last.to = to;
      last.highest = highestOfTwo(last.highest, highest);
      bytes += more;
    } else {
      batches.push({ batch: batches.length, from, to, highest });
      bytes = more;
    }
  }
  return batches;
}

/** About what a call's first request takes in a file. */
export function requestBytes({ body }: Prompt): number {
  return Buffer.byteLength(JSON.stringify(body)) + BYTES_AROUND_PROMPT;
}
