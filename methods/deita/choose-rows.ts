/** DEITA's selection and what it is compared with, from scores and vectors to picks. */
import { seededRandom } from '../random.js';
import { nearestCosines, quantile } from './nearest-cosines.js';
import { type Picks, selectCentres, selectDistinct, type Vectors } from './select.js';

/** How rows are chosen. */
export type SelectionRule = 'deita' | 'score' | 'diversity' | 'k-center' | 'random';

/** Highest cosine to a selected row, or the quantile of the rows' nearest-neighbour cosines that it is. */
export type Tau = { cosine: number } | { quantile: number };

/** Rows whose nearest neighbours are looked for: a share below a cosine is off by 0.022 at most, as a standard error. */
const sampleRows = 500;

export interface ChoiceStep {
  doing: 'comparing a sample' | 'selecting';
  /** Rows that were compared, or looked at. */
  rows: number;
  selected: number;
}

export interface Chosen {
  picks: Picks;
  /** Nearest-neighbour cosines of the sample, lowest first; null for a rule without vectors. */
  cosines: Float64Array | null;
  /** As a cosine; null for a rule without one. */
  tau: number | null;
}

/**
 * Chooses `size` of `rows`. `ranked`: the same rows, best first, for the rules that go by scores. `seed`: of the random rule and
 * of the sample.
 * @throws RangeError for a quantile of fewer than two rows.
 */
export function* chooseRows(options: {
  by: SelectionRule;
  tau: Tau;
  rows: readonly number[];
  ranked: readonly number[];
  vectors: Vectors | null;
  size: number;
  seed: number;
}): Generator<ChoiceStep, Chosen> {
  const { by, rows, ranked, size, seed } = options;
  if (by === 'random') {
    const selected = seededRandom('select', seed).sample(rows, size);
    return { picks: plainPicks(selected), cosines: null, tau: null };
  }
  if (by === 'score') return { picks: plainPicks(ranked.slice(0, size)), cosines: null, tau: null };
  const { vectors } = options;
  if (vectors === null) throw new Error(`the rule ${by} compares vectors`);
  if (rows.length === 0) return { picks: plainPicks([]), cosines: new Float64Array(), tau: null };
  const cosines = yield* sampled({ rows, vectors, seed });
  const tau = by === 'k-center' ? null : cosineOf(options.tau, cosines);
  const work =
    tau === null
      ? selectCentres({ rows, vectors, size })
      : selectDistinct({ order: by === 'deita' ? ranked : rows, vectors, threshold: tau, size });
  // Said before the first row is looked at, so that whoever measures knows when.
  yield { doing: 'selecting', rows: 0, selected: 0 };
  for (;;) {
    const { done, value } = work.next();
    if (done) return { picks: value, cosines, tau };
    yield { doing: 'selecting', rows: value.lookedAt, selected: value.selected };
  }
}

function* sampled(options: {
  rows: readonly number[];
  vectors: Vectors;
  seed: number;
}): Generator<ChoiceStep, Float64Array> {
  const { rows, vectors, seed } = options;
  const sample = seededRandom('select', seed, 'histogram').sample(rows, sampleRows);
  const work = nearestCosines({ rows, sample, vectors });
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    yield { doing: 'comparing a sample', rows: value, selected: 0 };
  }
}

function plainPicks(selected: number[]): Picks {
  return { selected, similar: new Map(), comparisons: 0 };
}

function cosineOf(tau: Tau, cosines: Float64Array): number {
  if ('cosine' in tau) return tau.cosine;
  if (cosines.length === 0) throw new RangeError('tau as a quantile needs two rows at least; give a cosine');
  return quantile(cosines, tau.quantile);
}
