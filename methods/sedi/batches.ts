/**
 * SeDi-Instruct's diversity-based filtering: against the pool only near copies go, and a batch is diverse inside. That
 * the filter is relaxed and that diversity is kept inside a batch is the paper's (abstract); thresholds, order and
 * carry-over are **ours**.
 */
import { FarthestFirst } from '../../similarity/farthest-first.js';
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

export interface Composition<E> {
  waiting: readonly E[];
  batchSize: number;
  threshold?: number;
  tokenisation: Tokenisation;
}

export interface Composed<E> {
  batches: E[][];
  waiting: E[];
}

/**
 * Composes full batches from the waiting examples, given oldest first. The oldest waiting example opens each batch; then
 * always the one joins that is farthest from the batch (its highest ROUGE-L to a member is the lowest; the older one
 * among equals) as long as that is ≤ `threshold`. A batch that does not fill up is not made: its opener does not
 * open another in this round, and the next oldest does. Whatever is in no batch comes back in `waiting`, oldest first.
 */
export function composeBatches<E extends WaitingExample>(input: Composition<E>): Composed<E> {
  const { batchSize, threshold = STRICT_THRESHOLD, tokenisation } = input;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`batchSize is ${batchSize}`);

  const pool = new RougeLPool({ tokenisation });
  for (const example of input.waiting) pool.add(example.id, example.instruction);

  const batches: E[][] = [];
  /** Places in `input.waiting` that are in no batch yet, oldest first. */
  let places: Int32Array = Int32Array.from(input.waiting.keys());
  const isTaken = new Uint8Array(input.waiting.length);
  let openersThatFailed = 0;
  while (places.length >= batchSize && openersThatFailed < places.length) {
    const batch = fillBatch({ pool, places, openerAt: openersThatFailed, batchSize, threshold });
    if (batch === null) {
      openersThatFailed += 1;
      continue;
    }
    batches.push(batch.map((place) => input.waiting[place] as E));
    for (const place of batch) isTaken[place] = 1;
    // One that failed as opener may join a later batch, but is not asked again to open one: that keeps the work bounded.
    openersThatFailed = without(places.subarray(0, openersThatFailed), isTaken).length;
    places = without(places, isTaken);
  }
  return { batches, waiting: Array.from(places, (place) => input.waiting[place] as E) };
}

/**
 * Places of a full batch in the order of joining, or null when the opener's batch does not fill up. A candidate is
 * compared with a second and further member only while it may be the farthest: most never are.
 */
function fillBatch(input: {
  pool: RougeLPool;
  places: Int32Array;
  openerAt: number;
  batchSize: number;
  threshold: number;
}): number[] | null {
  const { pool, places, openerAt, batchSize, threshold } = input;
  const opener = places[openerAt] as number;
  const batch = [opener];
  const first = pool.comparer(opener);
  const members = [first];
  try {
    const others = withoutOne(places, openerAt);
    const candidates = new FarthestFirst(others, first.similarities(others));
    while (batch.length < batchSize) {
      const farthest = candidates.first();
      if (farthest === null || farthest.highest > threshold) return null;
      const { candidate, compared } = farthest;
      const member = members[compared];
      if (member === undefined) {
        candidates.removeFirst();
        batch.push(candidate);
        members.push(pool.comparer(candidate));
        continue;
      }
      candidates.compare(member.similarity(candidate));
    }
    return batch;
  } finally {
    for (const member of members) member.end();
  }
}

function withoutOne(places: Int32Array, at: number): Int32Array {
  const left = new Int32Array(places.length - 1);
  left.set(places.subarray(0, at));
  left.set(places.subarray(at + 1), at);
  return left;
}

/** The places that are not taken. A loop: an array's `filter` takes longer than comparing the examples. */
function without(places: Int32Array, isTaken: Uint8Array): Int32Array {
  const left = new Int32Array(places.length);
  let count = 0;
  for (let n = 0; n < places.length; n += 1) {
    const place = places[n] as number;
    left[count] = place;
    count += 1 - (isTaken[place] as number);
  }
  return left.subarray(0, count);
}
