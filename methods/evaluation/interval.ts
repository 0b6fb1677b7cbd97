/** Means of few figures, and how sure they are. */

export interface Interval {
  mean: number;
  /** 95 % confidence interval of the mean by Student's t; null with a single figure, which has none. */
  low: number | null;
  high: number | null;
  /** Figures behind it. */
  n: number;
}

/** 97.5 % quantiles of Student's t by degrees of freedom, from 1; above 30 the next lower one of the table holds. */
const quantiles = [
  ...[12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216, 2.22814],
  ...[2.20099, 2.17881, 2.16037, 2.14479, 2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596],
  ...[2.07961, 2.07387, 2.06866, 2.0639, 2.05954, 2.05553, 2.05183, 2.04841, 2.04523, 2.04227],
];
const further = [
  { from: 1_000, quantile: 1.96234 },
  { from: 100, quantile: 1.98397 },
  { from: 60, quantile: 2.0003 },
  { from: 40, quantile: 2.02108 },
  { from: 31, quantile: 2.04227 },
];

/**
 * Mean and confidence interval. Of figures that are no sample of their own (losses of the same rows under several trainings), give their
 * means: only what was drawn anew counts as a figure.
 * @throws RangeError without figures, or with one that is not finite.
 */
export function interval(figures: readonly number[]): Interval {
  const n = figures.length;
  if (n === 0) throw new RangeError('a mean needs figures');
  if (!figures.every(Number.isFinite))
    throw new RangeError(`not finite: ${figures.find((x) => !Number.isFinite(x))}`);
  const mean = figures.reduce((sum, figure) => sum + figure, 0) / n;
  if (n === 1) return { mean, low: null, high: null, n };
  const variance = figures.reduce((sum, figure) => sum + (figure - mean) ** 2, 0) / (n - 1);
  const half = tQuantile(n - 1) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half, n };
}

/**
 * Mean of `a[i] - b[i]` with its interval: what the two have in common, such as the seed, falls away.
 * @throws RangeError when they are not of one length.
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): Interval {
  if (a.length !== b.length) throw new RangeError(`${a.length} figures cannot be paired with ${b.length}`);
  return interval(a.map((figure, index) => figure - (b[index] as number)));
}

function tQuantile(degrees: number): number {
  return quantiles[degrees - 1] ?? (further.find(({ from }) => degrees >= from)?.quantile as number);
}
