/**
 * SeDi-Instruct's diversity-based filtering: against the pool only near copies go, and a batch is diverse inside. That
 * the filter is relaxed and that diversity is kept inside a batch is the paper's (abstract); thresholds, order and
 * carry-over are **ours**.
 */
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import type { Tokenisation } from '../../similarity/tokenise.js';
import { allAtOnce, type Steps } from '../steps.js';

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
 * among equals) as long as that is ≤ `threshold`. A batch that does not fill up is not made: its opener does not
 * open another in this round, and the next oldest does. Whatever is in no batch comes back in `waiting`, oldest first.
 */
export function composeBatches<E extends WaitingExample>(input: Composition<E>): Composed<E> {
  return allAtOnce(composeSteps(input));
}

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

/** The same, one comparison of an example with all others at a step. */
export function* composeSteps<E extends WaitingExample>(input: Composition<E>): Steps<Composed<E>> {
  const { batchSize, threshold = STRICT_THRESHOLD, tokenisation } = input;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`batchSize is ${batchSize}`);

  const pool = new RougeLPool({ tokenisation });
  for (const example of input.waiting) pool.add(example.id, example.instruction);
  const similaritiesOf = (place: number) => pool.similarities((input.waiting[place] as E).instruction);

  const batches: E[][] = [];
  /** Places in `input.waiting` that are in no batch yet, oldest first. */
  let places = [...input.waiting.keys()];
  let openersThatFailed = 0;
  while (places.length >= batchSize && openersThatFailed < places.length) {
    const opener = places[openersThatFailed] as number;
    const batch = yield* fillBatch({ places, opener, batchSize, threshold, similaritiesOf });
    if (batch === null) {
      openersThatFailed += 1;
      continue;
    }
    batches.push(batch.map((place) => input.waiting[place] as E));
    const failed = new Set(places.slice(0, openersThatFailed));
    places = places.filter((place) => !batch.includes(place));
    // One that failed as opener may join a later batch, but is not asked again to open one: that keeps the work bounded.
    openersThatFailed = places.filter((place) => failed.has(place)).length;
  }
  return { batches, waiting: places.map((place) => input.waiting[place] as E) };
}

/** Places of a full batch in the order of joining, or null when the opener's batch does not fill up. */
function* fillBatch(input: {
  places: readonly number[];
  opener: number;
  batchSize: number;
  threshold: number;
  /** Similarity of the example at a place to every example. */
  similaritiesOf: (place: number) => Float64Array;
}): Steps<number[] | null> {
  const batch = [input.opener];
  let candidates = input.places.filter((place) => place !== input.opener);
  /** For each place, its highest similarity to a member. */
  const closest = new Map(candidates.map((place) => [place, 0]));
  while (batch.length < input.batchSize) {
    const similarities = input.similaritiesOf(batch.at(-1) as number);
    yield;
    let farthest: number | null = null;
    let lowest = Number.POSITIVE_INFINITY;
    for (const place of candidates) {
      const similarity = Math.max(closest.get(place) as number, similarities[place] as number);
      closest.set(place, similarity);
      if (similarity < lowest) {
        lowest = similarity;
        farthest = place;
      }
    }
    if (farthest === null || lowest > input.threshold) return null;
    batch.push(farthest);
    const joined = farthest;
    candidates = candidates.filter((place) => place !== joined);
  }
  return batch;
}
