/** How similar rows are to their nearest neighbours: what a threshold of DEITA's selection is judged by. All **ours**. */
import { CosineIndex } from '../../similarity/cosine-index.js';
import type { Vectors } from './select.js';

/** Rows that are compared between two steps. */
const stepRows = 32;
/** Bins of a histogram from -1 to 1. */
const bins = 40;

/** Cosines from `from` on and below `to`; the last bin has 1 as well. */
export interface CosineBin {
  from: number;
  to: number;
  count: number;
}

/**
 * The cosine of each sampled row to its nearest neighbour among all other rows, lowest first. `sample`: different rows of
 * `rows`. With fewer than two rows there are none. Yields how many rows were compared.
 */
export function* nearestCosines(options: {
  rows: readonly number[];
  sample: readonly number[];
  vectors: Vectors;
}): Generator<number, Float64Array> {
  const { rows, sample, vectors } = options;
  if (rows.length < 2) return new Float64Array();
  const index = new CosineIndex({ dimensions: vectors.dimensions });
  const places = new Map<number, number>();
  for (const [place, row] of sample.entries()) {
    places.set(row, place);
    index.add(String(row), vectors.row(row));
  }
  const highest = new Float64Array(sample.length).fill(Number.NEGATIVE_INFINITY);
  for (const [at, row] of rows.entries()) {
    const place = places.get(row);
    const own = place === undefined ? 0 : (highest[place] as number);
    index.raiseHighest(vectors.row(row), highest);
    // Nobody is its own neighbour.
    if (place !== undefined) highest[place] = own;
    if (at % stepRows === 0) yield at;
  }
  return highest.sort();
}

/** Bins of 0.05 from the one of the lowest to the one of the highest cosine, empty ones between them included. */
export function cosineHistogram(sorted: Float64Array): CosineBin[] {
  if (sorted.length === 0) return [];
  const binOf = (cosine: number) => Math.min(bins - 1, Math.floor(((cosine + 1) / 2) * bins + 1e-9));
  const first = binOf(sorted[0] as number);
  const last = binOf(sorted[sorted.length - 1] as number);
  const edge = (bin: number) => Number(((2 * bin) / bins - 1).toFixed(2));
  const histogram = Array.from({ length: last - first + 1 }, (_, at) => ({
    from: edge(first + at),
    to: edge(first + at + 1),
    count: 0,
  }));
  for (const cosine of sorted) (histogram[binOf(cosine) - first] as CosineBin).count += 1;
  return histogram;
}

/** The number below which a share `q` (0 to 1) of the sorted ones lies, between two by their distance (NumPy's default). */
export function quantile(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) throw new RangeError('there is no quantile of no numbers');
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}
