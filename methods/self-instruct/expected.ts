/**
 * What Self-Instruct's and SeDi-Instruct's calls are expected to come to before any was made. How long their answers are is taken from
 * the seed tasks, which the teacher is shown as what to write more of.
 */
import { RELAXED_THRESHOLD, STRICT_THRESHOLD } from '../sedi/batches.js';

/**
 * Candidates that pass the filter: SeDi-Instruct (arXiv 2502.04774) reports that 58 % are rejected by Self-Instruct's, and that its
 * own saves 36 % of the calls: 0.42 / 0.64.
 */
export const PASSES = { strict: 0.42, relaxed: 0.66 } as const;
/** **Ours**: what the heuristics leave where no similarity rejects anything. */
const PASSES_HEURISTICS = 0.9;

/** **Ours**: of an item in JSON or a numbered list, around its texts. */
export const TASK_MARKS_TOKENS = 18;
export const INSTRUCTION_MARKS_TOKENS = 4;
/** Around a whole answer. */
export const ANSWER_MARKS_TOKENS = 10;
/** `Yes` or `No`, with an end. */
export const CLASSIFY_TOKENS = 2;

/** Share of candidates that pass a filter with this threshold, between the published figures by a straight line. */
export function expectedPasses(poolThreshold: number): number {
  const points: [number, number][] = [
    [0, 0],
    [STRICT_THRESHOLD, PASSES.strict],
    [RELAXED_THRESHOLD, PASSES.relaxed],
    [1, PASSES_HEURISTICS],
  ];
  for (const [index, [to, high]] of points.entries()) {
    const [from, low] = points[index - 1] ?? [0, 0];
    if (poolThreshold <= to)
      return to === from ? high : low + ((high - low) * (poolThreshold - from)) / (to - from);
  }
  return PASSES_HEURISTICS;
}
