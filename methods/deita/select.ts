/**
 * DEITA's score-first, diversity-aware selection (arXiv 2312.15685, "Repr Filter"), and what it is compared with. All of
 * them name rows by their numbers and are generators, so that a caller can do something else between two steps.
 *
 * The authors sort unstably and compute in float32: picks are theirs where scores are untied and no cosine is within
 * 1e-6 of the threshold. Ties by id, and every choice of `selectCentres`, are **ours**.
 */
import { CosineIndex } from '../../similarity/cosine-index.js';

/** Rows that are compared between two steps. */
const stepRows = 32;

/** Vectors by row; the caller sees to it that they are finite. */
export interface Vectors {
  readonly dimensions: number;
  /** The components of a row, not to be changed. */
  row(number: number): Float32Array;
}

export interface Picks {
  /** In the order of selection. */
  selected: number[];
  /** Rows that were looked at and are too similar to a selected one, with the nearest of those selected before. */
  similar: Map<number, { nearest: number; cosine: number }>;
  /** Pairs that were compared, or that a bound spared: each row looked at with everything selected before it. */
  comparisons: number;
}

/** How far it is: rows selected and rows looked at. */
export interface SelectionStep {
  selected: number;
  lookedAt: number;
}

/**
 * Rows by their score, highest first. `compareTies` decides between equal scores, and then the row's number. Throws a
 * RangeError for a score that is not finite.
 */
export function byScore(options: {
  rows: readonly number[];
  score: (row: number) => number;
  compareTies: (a: number, b: number) => number;
}): number[] {
  const { rows, score, compareTies } = options;
  const wrong = rows.find((row) => !Number.isFinite(score(row)));
  if (wrong !== undefined) throw new RangeError(`the score of row ${wrong} is ${score(wrong)}`);
  return rows.toSorted((a, b) => score(b) - score(a) || compareTies(a, b) || a - b);
}

/**
 * The greedy rule: rows in the given order; one is selected unless its cosine to one selected before is above
 * `threshold`; ends when `size` are. A vector that is all zeros is similar to nothing.
 */
export function* selectDistinct(options: {
  order: readonly number[];
  vectors: Vectors;
  threshold: number;
  size: number;
}): Generator<SelectionStep, Picks> {
  const { order, vectors, threshold, size } = options;
  const index = new CosineIndex({ dimensions: vectors.dimensions });
  const picks: Picks = { selected: [], similar: new Map(), comparisons: 0 };
  const { selected, similar } = picks;
  for (let first = 0; first < order.length && selected.length < size; first += stepRows) {
    const step = order.slice(first, first + stepRows);
    const items = step.map((row) => ({ id: String(row), item: vectors.row(row) }));
    for (const [at, verdict] of index.addDistinct(items, { threshold }).entries()) {
      // The index may have taken more of this step; nobody asks it again.
      if (selected.length === size) break;
      const row = step[at] as number;
      picks.comparisons += selected.length;
      if (verdict === null) selected.push(row);
      else similar.set(row, { nearest: Number(verdict.id), cosine: verdict.similarity });
    }
    yield { selected: selected.length, lookedAt: selected.length + similar.size };
  }
  return picks;
}

/**
 * Farthest first (k-center): the first row, then always the row whose nearest selected one is the farthest by the cosine, the
 * first among equals.
 */
export function* selectCentres(options: {
  rows: readonly number[];
  vectors: Vectors;
  size: number;
}): Generator<SelectionStep, Picks> {
  const { rows, vectors, size } = options;
  const index = new CosineIndex({ dimensions: vectors.dimensions });
  for (const row of rows) {
    index.add(String(row), vectors.row(row));
    if (index.size % stepRows === 0) yield { selected: 0, lookedAt: index.size };
  }
  const picks: Picks = { selected: [], similar: new Map(), comparisons: 0 };
  const highest = new Float64Array(rows.length).fill(Number.NEGATIVE_INFINITY);
  while (picks.selected.length < Math.min(size, rows.length)) {
    const place = lowest(highest);
    const row = rows[place] as number;
    picks.selected.push(row);
    index.raiseHighest(vectors.row(row), highest);
    // Out of the question from now on, also where a vector is all zeros.
    highest[place] = Number.POSITIVE_INFINITY;
    picks.comparisons += rows.length;
    yield { selected: picks.selected.length, lookedAt: rows.length };
  }
  return picks;
}

/** Place of the lowest number, the first among equals. */
function lowest(numbers: Float64Array): number {
  let best = 0;
  for (let place = 1; place < numbers.length; place += 1)
    if ((numbers[place] as number) < (numbers[best] as number)) best = place;
  return best;
}
