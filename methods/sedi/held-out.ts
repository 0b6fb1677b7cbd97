/**
 * The held-out set (**ours**): tasks that only measure. Split off the human seeds, or given by a file; one half steers
 * (its losses make the signals), the other is reported and never used to choose.
 */
import type { HeldOutRow, Seed } from '../../activities/types.js';
import type { RougeLPool } from '../../similarity/rouge-l-pool.js';
import type { Tokenisation } from '../../similarity/tokenise.js';

export interface HeldOutSplit {
  /** Steering rows first, then reporting rows; each half in a seeded random order. */
  rows: HeldOutRow[];
  /** The seeds that may be shown to the teacher. */
  pool: Seed[];
  /** Seeds that left the pool because they are above 0.7 ROUGE-L of a held-out task without being one. */
  leaked: { seedId: string; heldOutId: string; similarity: number }[];
  warnings: string[];
}

/** Splits human seeds: a share of them (at least 32 where there are enough), by the run's seed. */
export function splitHeldOut(input: {
  seeds: readonly Seed[];
  runSeed: number;
  share?: number;
  tokenisation: Tokenisation;
}): HeldOutSplit {
  throw new Error(`not written yet ${typeof input}`);
}

/** Takes a file's tasks as the held-out set and takes whatever equals or nearly equals one of them out of the seeds. */
export function useHeldOut(input: {
  heldOut: readonly Seed[];
  seeds: readonly Seed[];
  runSeed: number;
  tokenisation: Tokenisation;
}): HeldOutSplit {
  throw new Error(`not written yet ${typeof input}`);
}

/** The pool to ask for `heldout-leak`: reject a candidate when `nearest(instruction, {threshold: 0.7})` is not null. */
export function heldOutPool(rows: readonly HeldOutRow[], tokenisation: Tokenisation): RougeLPool {
  throw new Error(`not written yet ${rows.length} ${tokenisation}`);
}
