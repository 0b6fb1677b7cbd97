/** Vectors for tests of the cosine index. */
import fc from 'fast-check';
import { seededRandom } from '../../methods/random.js';

/** Few different components, so that equal cosines are frequent; huge and tiny ones, zeros and denormals. */
const component = fc.constantFrom(0, -0, 1, -1, 2, 0.5, -3, 1e-3, 3e38, -3e38, 1e-38, 1e-45, -1e-45);

/** A query and the vectors of an index, all of one random dimension. */
export const anyVectors = fc
  .constantFrom(1, 2, 3, 4, 5, 17)
  .chain((dimensions) => {
    const vector = fc
      .array(component, { minLength: dimensions, maxLength: dimensions })
      .map((components) => Float32Array.from(components));
    return fc.tuple(vector, fc.array(vector, { maxLength: 40 }));
  })
  .map(([query, vectors]) => ({ query, vectors }));

/**
 * A query and vectors around it, of which many have cosines of nearly `cosine` with it, some are its equals, opposites
 * or multiples, and some have nothing to do with it.
 */
export const closeVectors = fc
  .record({
    dimensions: fc.constantFrom(2, 3, 4, 5, 17, 64, 65, 384),
    count: fc.nat({ max: 60 }),
    cosine: fc.constantFrom(-0.5, 0, 0.7, 0.9, 0.999999),
    scale: fc.constantFrom(1e-42, 1e-20, 1, 1e30),
    seed: fc.nat(),
  })
  .map(({ dimensions, count, cosine, scale, seed }) => {
    const random = seededRandom('close vectors', seed);
    const normal = () => {
      const sum = Array.from({ length: 6 }, () => random.next()).reduce((a, b) => a + b);
      return sum - 3;
    };
    const query = Array.from({ length: dimensions }, normal);
    const norm = Math.hypot(...query);
    const vectors = Array.from({ length: count }, () => {
      const kind = random.int(8);
      if (kind === 0) return query;
      if (kind === 1) return query.map((value) => -value);
      if (kind === 2) return query.map((value) => value * 3);
      const other = Array.from({ length: dimensions }, normal);
      if (kind === 3) return other;
      // What is left of `other` across the query, turned so that the cosine is nearly the wanted one.
      const along = other.reduce((sum, value, i) => sum + (value * (query[i] as number)) / norm ** 2, 0);
      const across = other.map((value, i) => value - along * (query[i] as number));
      const wanted = Math.min(1, cosine + (random.int(5) - 2) * 10 ** -(4 + random.int(6)));
      const height = Math.sqrt(1 - wanted ** 2) / (Math.hypot(...across) || 1);
      return query.map((value, i) => (value / norm) * wanted + (across[i] as number) * height);
    });
    const scaled = (vector: number[]) => Float32Array.from(vector, (value) => value * scale);
    return { query: scaled(query), vectors: vectors.map(scaled), cosine };
  });
