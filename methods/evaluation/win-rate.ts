/**
 * What a judge's comparisons of two students' answers come to. Each prompt is judged twice, with the answers in either order, since
 * judges favour the first or the second. The length control follows AlpacaEval 2 (arXiv 2404.04475) and is simpler: its model has terms for
 * the instruction's difficulty and the models besides; ours has the difference of lengths alone.
 */

/** Which of the two answers was called better: the one shown first, the one shown second, or neither in words we can read. */
export type Verdict = 'first' | 'second' | 'neither';

export interface Comparison {
  /** With a's answer shown first, and with b's; null: the call has no answer. */
  aFirst: Verdict | null;
  bFirst: Verdict | null;
  /** Characters of a's answer less those of b's. */
  lengthDifference: number;
}

export interface WinRate {
  /** Prompts with at least one readable verdict. */
  prompts: number;
  /** Share that a wins: a prompt whose two verdicts disagree counts half. null without any. */
  winRate: number | null;
  /** The same at equal lengths; null where it cannot be told. */
  lengthControlled: number | null;
  /** Prompts whose two verdicts name the same place, not the same answer. */
  disagreed: number;
  /** Answers of the judge that name neither, or both. */
  unreadable: number;
}

/** Share of prompts that a wins, plain and at equal lengths. */
export function winRate(comparisons: readonly Comparison[]): WinRate {
  const judged = comparisons.flatMap((comparison) => {
    const score = scoreOf(comparison);
    return score === null ? [] : [{ score, difference: comparison.lengthDifference }];
  });
  const wins = judged.reduce((sum, { score }) => sum + score, 0);
  const given = comparisons.flatMap(({ aFirst, bFirst }) => [aFirst, bFirst]);
  return {
    prompts: judged.length,
    winRate: judged.length === 0 ? null : wins / judged.length,
    lengthControlled: lengthControlled(judged),
    disagreed: comparisons.filter(({ aFirst, bFirst }) => isPlace(aFirst) && aFirst === bFirst).length,
    unreadable: given.filter((verdict) => verdict === 'neither').length,
  };
}

function isPlace(verdict: Verdict | null): boolean {
  return verdict === 'first' || verdict === 'second';
}

/** 1: a wins in all readable verdicts; 0: b; 0.5: one each. null: none is readable. */
function scoreOf({ aFirst, bFirst }: Comparison): number | null {
  const scores = [
    ...(aFirst !== null && isPlace(aFirst) ? [aFirst === 'first' ? 1 : 0] : []),
    ...(bFirst !== null && isPlace(bFirst) ? [bFirst === 'second' ? 1 : 0] : []),
  ];
  return scores.length === 0 ? null : scores.reduce<number>((sum, score) => sum + score, 0) / scores.length;
}

/** Pulls both coefficients towards 0, so that there is a best fit even where length tells all. */
const ridge = 1e-2;

/**
 * P(a wins) at no difference in length: a logistic model of the score by tanh(difference ÷ standard deviation of the differences), fitted
 * by Newton's method. null with fewer than 10 prompts.
 */
function lengthControlled(judged: readonly { score: number; difference: number }[]): number | null {
  if (judged.length < 10) return null;
  const mean = judged.reduce((sum, { difference }) => sum + difference, 0) / judged.length;
  const variance = judged.reduce((sum, { difference }) => sum + (difference - mean) ** 2, 0) / judged.length;
  const scale = Math.sqrt(variance);
  const rows = judged.map(({ score, difference }) => ({
    score,
    x: scale > 0 ? Math.tanh(difference / scale) : 0,
  }));
  let [constant, slope] = [0, 0];
  for (let round = 0; round < 100; round += 1) {
    let [g0, g1, h00, h01, h11] = [-ridge * constant, -ridge * slope, ridge, 0, ridge];
    for (const { score, x } of rows) {
      const p = sigmoid(constant + slope * x);
      const weight = p * (1 - p);
      g0 += score - p;
      g1 += (score - p) * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    const steps = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant] as const;
    constant += clamp(steps[0]);
    slope += clamp(steps[1]);
    if (Math.abs(steps[0]) + Math.abs(steps[1]) < 1e-10) break;
  }
  return sigmoid(constant);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** A full step may lead away where the curve is flat. */
function clamp(step: number): number {
  return Math.max(-2, Math.min(2, step));
}
