/** SeDi-Instruct's refined seeds: the next round's pool. The safeguards are **ours**. */
import type { BatchSignal } from '../../activities/student-messages.js';
import type { Instance, Seed } from '../../activities/types.js';
import type { Tokenisation } from '../../similarity/tokenise.js';

/** An accepted example of the round's batches, with what a seed made of it needs to know. */
export interface AcceptedExample extends Instance {
  id: string;
  instruction: string;
  isClassification: boolean | null;
  /** Seeds that were shown in the prompt it came from. */
  seedIds: readonly string[];
}

export interface RefinedSeeds {
  pool: Seed[];
  added: Seed[];
  removed: Seed[];
  attractiveBatches: number;
  /** Sentence for people: why the seeds are as they are. */
  note: string;
  warnings: string[];
}

/** The pool of the next round. `signals: null` (signal `none`) leaves it as it is. */
export function refineSeeds(input: {
  pool: readonly Seed[];
  round: number;
  /** null: no signal was asked for. */
  signals: readonly BatchSignal[] | null;
  /** The examples of the batches that the signals tell of. */
  examples: readonly AcceptedExample[];
  /** How many attractive instructions may join (m). */
  top: number;
  /** Seeds the pool may hold, human ones included; human seeds never leave. */
  poolSize: number;
  tokenisation: Tokenisation;
  attractiveShare?: number;
}): RefinedSeeds {
  throw new Error(`not written yet ${typeof input}`);
}
