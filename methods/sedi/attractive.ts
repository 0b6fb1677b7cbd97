/** SeDi-Instruct's attractive batches and attractive instructions. The precise rules are **ours**. */
import type { BatchSignal } from '../../activities/student-messages.js';

/** Share of the batches whose gain exceeds one standard error that count as attractive. */
export const ATTRACTIVE_SHARE = 0.3;

export interface AttractiveInstruction {
  id: string;
  batch: string;
  /** Rank within the round as a score: 1 for the best of all examples of the round, 0 for the last. */
  score: number;
  answerLoss: number;
}

/** Attractive batches, best first. With `evaluate` no batch has a gain, and all of them count. */
export function attractiveBatches(input: { signals: readonly BatchSignal[]; share?: number }): BatchSignal[] {
  throw new Error(`not written yet ${typeof input}`);
}

/** Examples of the attractive batches, best first. With `evaluate`, difficulties of 1 and more are left out. */
export function attractiveInstructions(input: {
  signals: readonly BatchSignal[];
  attractive: readonly BatchSignal[];
}): AttractiveInstruction[] {
  throw new Error(`not written yet ${typeof input}`);
}
