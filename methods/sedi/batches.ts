/**
 * SeDi-Instruct's diversity-based filtering: against the pool only near copies go, and a batch is diverse inside. That
 * the filter is relaxed and that diversity is kept inside a batch is the paper's (abstract); thresholds, order and
 * carry-over are **ours**.
 */
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import type { Tokenisation } from '../../similarity/tokenise.js';

export interface WaitingExample {
  id: string;
  instruction: string;
}

/** Inside a batch no two instructions are more similar than this (Self-Instruct's strict threshold). */
export const STRICT_THRESHOLD = 0.7;
/** SeDi's relaxed threshold against the whole pool (its value is **ours**): only near copies go. */
export const RELAXED_THRESHOLD = 0.85;

/**
 * Composes full batches from the waiting examples, given oldest first. The oldest waiting example opens each batch; then
 * always the one joins that is farthest from the batch (its highest ROUGE-L to a member is the lowest; the older one
 * among equals) as long as that is ≤ `threshold`. A batch that does not fill up is not made: its opener waits for the next
 * round, and the next oldest opens one. Whatever is in no batch comes back in `waiting`, oldest first.
 */
export function composeBatches<E extends WaitingExample>(input: {
  waiting: readonly E[];
  batchSize: number;
  threshold?: number;
  tokenisation: Tokenisation;
}): { batches: E[][]; waiting: E[] } {
  const { batchSize, threshold = STRICT_THRESHOLD, tokenisation } = input;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`batchSize is ${batchSize}`);

  const batches: E[][] = [];
  let waiting = [...input.waiting];
  let openersThatFailed = 0;
  while (waiting.length >= batchSize && openersThatFailed < waiting.length) {
    const places = fillBatch({ waiting, opener: openersThatFailed, batchSize, threshold, tokenisation });
    if (places === null) {
      openersThatFailed += 1;
      continue;
    }
    batches.push(places.map((place) => waiting[place] as E));
    const taken = new Set(places);
    waiting = waiting.filter((_, place) => !taken.has(place));
    // Fewer examples wait now: an opener that found no company before finds none among them either.
    openersThatFailed -= places.filter((place) => place < openersThatFailed).length;
  }
  return { batches, waiting };
}

/** Places in `waiting` of a full batch in the order of joining, or null when the opener's batch does not fill up. */
function fillBatch(input: {
  waiting: readonly WaitingExample[];
  opener: number;
  batchSize: number;
  threshold: number;
  tokenisation: Tokenisation;
}): number[] | null {
  const { waiting, batchSize, threshold } = input;
  const pool = new RougeLPool({ tokenisation: input.tokenisation });
  for (const example of waiting) pool.add(example.id, example.instruction);

  const batch = [input.opener];
  // For each waiting example its highest similarity to a member; Infinity once it is one.
  const closest = new Float64Array(waiting.length);
  let joined = input.opener;
  while (batch.length < batchSize) {
    const similarities = pool.similarities((waiting[joined] as WaitingExample).instruction);
    closest[joined] = Number.POSITIVE_INFINITY;
    let farthest = -1;
    for (let i = 0; i < closest.length; i++) {
      closest[i] = Math.max(closest[i] as number, similarities[i] as number);
      if (farthest < 0 || (closest[i] as number) < (closest[farthest] as number)) farthest = i;
    }
    if (farthest < 0 || (closest[farthest] as number) > threshold) return null;
    batch.push(farthest);
    joined = farthest;
  }
  return batch;
}
