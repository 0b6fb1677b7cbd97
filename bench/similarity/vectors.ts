/** Made-up embeddings for benchmarks. No embedding model is asked, so figures on them say little about any one. */
import { seededRandom } from '../../methods/random.js';

export const vectorKinds = ['random', 'clustered'] as const;
export type VectorKind = (typeof vectorKinds)[number];

/** Directions in which the clustered vectors vary. */
const factors = 64;
const clusterSize = 20;

/**
 * `random`: independent components, all cosines near 0. `clustered`: what embeddings are said to look like: clusters of
 * about 20 whose members have cosines of 0.4 to 0.99 with their centre, a common part that gives unrelated pairs a
 * cosine of about 0.3, and few directions of much variance, none of them along an axis.
 *
 * @returns `count` × `dimensions` components, row by row
 */
export function madeUpVectors(kind: VectorKind, count: number, dimensions: number): Float32Array {
  const random = seededRandom('bench vectors', kind, count, dimensions);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const vectors = new Float32Array(count * dimensions);
  if (kind === 'random') return vectors.map(normal);
  const matrix = Float32Array.from({ length: factors * dimensions }, normal);
  const point = () => Float32Array.from({ length: factors }, (_, factor) => normal() / Math.sqrt(factor + 1));
  const common = point();
  const centres = Array.from({ length: Math.ceil(count / clusterSize) }, point);
  for (let row = 0; row < count; row += 1) {
    const centre = centres[random.int(centres.length)] as Float32Array;
    const own = point();
    const spread = 0.1 + random.next();
    const out = vectors.subarray(row * dimensions, (row + 1) * dimensions);
    for (let factor = 0; factor < factors; factor += 1) {
      const weight =
        (common[factor] as number) * 0.7 + (centre[factor] as number) + spread * (own[factor] as number);
      for (let i = 0; i < dimensions; i += 1)
        out[i] = (out[i] as number) + weight * (matrix[factor * dimensions + i] as number);
    }
  }
  return vectors;
}
