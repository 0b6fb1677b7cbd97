/** Points of many dimensions on a plane. */
import { UMAP } from 'umap-js';
import { seededRandom } from '../../../methods/random.js';
import type { Operator } from './matrix.js';
import { principalCoordinates } from './principal.js';

/** Neighbours that UMAP keeps together, the point itself among them. */
const neighbours = 15;
/** The library's own choice for so many points is 500, which takes twice as long and keeps the same points together. */
const epochs = 200;
/** Directions that are left to UMAP: it takes most of its time to compare points. */
const directions = 30;

/**
 * A place for each row: by UMAP (McInnes et al. 2018) of the strongest principal components; of fewer rows than it looks at
 * neighbours, these components themselves. The same places each time. Rows without anything in common, or a single one, have
 * no map: null.
 */
export function placePoints(matrix: Operator): { by: 'UMAP' | 'PCA'; places: [number, number][] } | null {
  if (matrix.rows < 2 || matrix.columns < 2) return null;
  const isFew = matrix.rows <= neighbours;
  const { values, columns, rows } = principalCoordinates(matrix, {
    count: isFew ? 2 : directions,
    iterations: isFew ? 50 : 3,
  });
  // Rows have the length 1: what is left of those that are all alike is what rounding makes.
  if (values.every((value) => Math.abs(value) < 1e-6)) return null;
  const points = Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
  if (isFew) return { by: 'PCA', places: points.map(([x = 0, y = 0]) => [round(x), round(y)]) };
  const random = seededRandom('map');
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: neighbours,
    nEpochs: epochs,
    random: () => random.next(),
  });
  const nearest = nearestPoints(points);
  umap.setPrecomputedKNN(nearest.indices, nearest.distances);
  return { by: 'UMAP', places: umap.fit(points).map(([x = 0, y = 0]) => [round(x), round(y)]) };
}

/** Of each point: itself, then the nearest others, equally near ones in their order. */
function nearestPoints(points: readonly number[][]): { indices: number[][]; distances: number[][] } {
  const flat = points.map((point) => Float64Array.from(point));
  const indices: number[][] = [];
  const distances: number[][] = [];
  for (const [self, one] of flat.entries()) {
    const found: { at: number; square: number }[] = [];
    for (const [at, other] of flat.entries()) {
      if (at === self) continue;
      const square = squareDistance(one, other);
      if (found.length === neighbours - 1 && square >= (found.at(-1)?.square ?? 0)) continue;
      if (found.length === neighbours - 1) found.pop();
      const behind = found.findIndex((earlier) => earlier.square > square);
      found.splice(behind < 0 ? found.length : behind, 0, { at, square });
    }
    indices.push([self, ...found.map(({ at }) => at)]);
    distances.push([0, ...found.map(({ square }) => Math.sqrt(square))]);
  }
  return { indices, distances };
}

function squareDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < a.length; n += 1) sum += ((a[n] as number) - (b[n] as number)) ** 2;
  return sum;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
