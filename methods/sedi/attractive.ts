/**
 * SeDi-Instruct's attractive batches and attractive instructions: those the student learned most from. The terms are the
 * paper's; how they are found here is **ours**.
 */
import type { BatchSignal } from '../../activities/student-messages.js';
import { rankBy, roundScore } from './rank.js';

/** Share of the batches whose gain exceeds one standard error that count as attractive. */
export const ATTRACTIVE_SHARE = 0.3;

export interface AttractiveInstruction {
  id: string;
  batch: string;
  /** Rank among all examples of the round as a score: 1 for the best, 0 for the last. */
  score: number;
  answerLoss: number;
}

/**
 * Attractive batches, best first: the top share (rounded up, so at least one) among those whose gain exceeds one standard
 * error; none when none does. With signal `evaluate` nothing was trained, no batch has a gain, and all of them count.
 */
export function attractiveBatches(input: { signals: readonly BatchSignal[]; share?: number }): BatchSignal[] {
  if (isEvaluation(input.signals)) return [...input.signals];
  const gaining = input.signals.filter(
    ({ gain, standardError }) =>
      gain !== null && standardError !== null && roundScore(gain) > roundScore(standardError),
  );
  const best = rankBy(gaining, (signal) => ({ id: signal.batch, score: signal.gain as number }));
  return best.slice(0, Math.ceil(roundScore(gaining.length * (input.share ?? ATTRACTIVE_SHARE))));
}

/**
 * Examples of the attractive batches, best first. With `evaluate` the score is the instruction-following difficulty:
 * higher is harder, and 1 or more is left out (the instruction did not help the answer at all).
 */
export function attractiveInstructions(input: {
  signals: readonly BatchSignal[];
  attractive: readonly BatchSignal[];
}): AttractiveInstruction[] {
  const evaluated = isEvaluation(input.signals);
  const attractive = new Set(input.attractive.map((signal) => signal.batch));
  const all = input.signals
    .flatMap(({ batch, examples }) => examples.map((example) => ({ ...example, batch })))
    .filter((example) => !evaluated || roundScore(example.score) < 1);
  return rankBy(all, (example) => example)
    .map(({ id, batch, answerLoss }, place) => ({
      id,
      batch,
      answerLoss,
      score: all.length === 1 ? 1 : roundScore(1 - place / (all.length - 1)),
    }))
    .filter(({ batch }) => attractive.has(batch));
}

/** Whether the signals come from `evaluate`, which measures no gain. */
export function isEvaluation(signals: readonly BatchSignal[]): boolean {
  return signals.every((signal) => signal.gain === null);
}
