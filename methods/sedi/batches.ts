/** SeDi-Instruct's diversity-based filtering: batches that are diverse inside. The precise rule is **ours**. */
import type { Tokenisation } from '../../similarity/tokenise.js';

export interface WaitingExample {
  id: string;
  instruction: string;
}

/** Inside a batch no two instructions are more similar than this (Self-Instruct's strict threshold). */
export const STRICT_THRESHOLD = 0.7;
/** SeDi's relaxed threshold against the whole pool (**ours** in its value): only near copies go. */
export const RELAXED_THRESHOLD = 0.85;

/** Composes full batches from the waiting examples, given oldest first. */
export function composeBatches<E extends WaitingExample>(input: {
  waiting: readonly E[];
  batchSize: number;
  threshold?: number;
  tokenisation: Tokenisation;
}): { batches: E[][]; waiting: E[] } {
  throw new Error(`not written yet ${typeof input}`);
}
