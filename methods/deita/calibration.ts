/** What a scorer's scores look like, and how far it agrees with itself or with another one (**ours**). */
import { HIGHEST_SCORE, isScore, LOWEST_SCORE } from '../rating.js';

const BIN_WIDTH = 0.5;

export interface ScoreHistogram {
  count: number;
  /** null without scores. */
  mean: number | null;
  /** Of a sample (n - 1); null with fewer than two scores. */
  sd: number | null;
  /** From 1 to 6 in steps of 0.5; a score on the border of two bins is in the upper one, and 6 in the last. */
  bins: { from: number; to: number; count: number }[];
}

/** Throws a RangeError for a score outside of 1 to 6. */
export function scoreHistogram(scores: readonly number[]): ScoreHistogram {
  const bins = Array.from({ length: (HIGHEST_SCORE - LOWEST_SCORE) / BIN_WIDTH }, (_, bin) => ({
    from: LOWEST_SCORE + bin * BIN_WIDTH,
    to: LOWEST_SCORE + (bin + 1) * BIN_WIDTH,
    count: 0,
  }));
  for (const score of scores) {
    checkScore(score);
    const bin = Math.min(Math.floor((score - LOWEST_SCORE) / BIN_WIDTH), bins.length - 1);
    (bins[bin] as { count: number }).count += 1;
  }
  const mean = meanOf(scores);
  const squares = sumOf(scores.map((score) => (score - (mean ?? 0)) ** 2));
  const sd = scores.length < 2 ? null : Math.sqrt(squares / (scores.length - 1));
  return { count: scores.length, mean, sd, bins };
}

/** Each null where it is not defined. */
export interface Agreement {
  /** Rows that were scored twice. */
  count: number;
  meanAbsoluteDifference: number | null;
  /** Share of rows whose two scores are the same when rounded to whole ones (halves upwards). */
  exactAgreement: number | null;
  /** Needs two rows, and differences within each of the two scores. */
  pearson: number | null;
  /**
   * Cohen's kappa of the rounded scores with quadratic weights: 1 for perfect agreement, 0 for what chance would give. null where
   * chance alone would agree, because all scores are the same one.
   */
  quadraticKappa: number | null;
}

/** The two scores of each row that was scored twice. Throws a RangeError for a score outside of 1 to 6. */
export function agreement(pairs: readonly (readonly [number, number])[]): Agreement {
  for (const pair of pairs) pair.forEach(checkScore);
  const rounded = pairs.map(([a, b]): [number, number] => [Math.round(a), Math.round(b)]);
  return {
    count: pairs.length,
    meanAbsoluteDifference: meanOf(pairs.map(([a, b]) => Math.abs(a - b))),
    exactAgreement: meanOf(rounded.map(([a, b]) => (a === b ? 1 : 0))),
    pearson: pearsonOf(pairs),
    quadraticKappa: quadraticKappaOf(rounded),
  };
}

function pearsonOf(pairs: readonly (readonly [number, number])[]): number | null {
  const meanA = meanOf(pairs.map(([a]) => a));
  const meanB = meanOf(pairs.map(([, b]) => b));
  if (meanA === null || meanB === null || isConstant(pairs, 0) || isConstant(pairs, 1)) return null;
  const covariance = sumOf(pairs.map(([a, b]) => (a - meanA) * (b - meanB)));
  const varianceA = sumOf(pairs.map(([a]) => (a - meanA) ** 2));
  const varianceB = sumOf(pairs.map(([, b]) => (b - meanB) ** 2));
  const spread = Math.sqrt(varianceA) * Math.sqrt(varianceB);
  // Differences in the last bits alone can have squares that are 0.
  return spread === 0 ? null : Math.max(-1, Math.min(1, covariance / spread));
}

/** Of equal numbers the mean may differ from them in its last bit, and the variance not be 0. */
function isConstant(pairs: readonly (readonly [number, number])[], side: 0 | 1): boolean {
  return pairs.every((pair) => pair[side] === pairs[0]?.[side]);
}

/** With quadratic weights, the expected disagreement is that of all pairs of a first and a second score: sums and squares suffice. */
function quadraticKappaOf(pairs: readonly (readonly [number, number])[]): number | null {
  const n = pairs.length;
  const observed = sumOf(pairs.map(([a, b]) => (a - b) ** 2)) * n;
  const expected =
    n * sumOf(pairs.map(([a, b]) => a ** 2 + b ** 2)) -
    2 * sumOf(pairs.map(([a]) => a)) * sumOf(pairs.map(([, b]) => b));
  // All whole numbers, so that 0 is exact.
  return expected === 0 ? null : 1 - observed / expected;
}

function checkScore(score: number): void {
  if (!isScore(score))
    throw new RangeError(`A score must lie within ${LOWEST_SCORE} and ${HIGHEST_SCORE}, not be ${score}`);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function meanOf(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : sumOf(numbers) / numbers.length;
}
