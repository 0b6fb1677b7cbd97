/** A growing set of vectors that answers: which of you is most similar to this one? */
import type { NearestNeighbour } from '../activities/types.js';
import { cosine } from './cosine.js';

/** More components than any embedding has. */
const mostDimensions = 65_536;

/** Exact nearest neighbour by the cosine, as `cosine` defines it. */
export class CosineIndex {
  readonly dimensions: number;
  /** Pairs whose cosine was computed so far. */
  scored = 0;
  readonly #ids: string[] = [];
  readonly #vectors: Float32Array[] = [];

  /** @throws RangeError when `dimensions`, the components of each vector, is not 1 to 65,536. */
  constructor(options: { dimensions: number }) {
    const { dimensions } = options;
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > mostDimensions)
      throw new RangeError(`vectors need 1 to ${mostDimensions} components, not ${dimensions}`);
    this.dimensions = dimensions;
  }

  /** How many vectors are in the index. */
  get size(): number {
    return this.#ids.length;
  }

  /**
   * Adds a vector; one that is all zeros has the similarity 0 to everything. Ids need not be unique: the caller decides
   * what an id names.
   * @throws RangeError for another number of components, or one that is not finite.
   */
  add(id: string, vector: Float32Array): void {
    this.#check(vector, `the vector of "${id}"`);
    this.#ids.push(id);
    this.#vectors.push(vector.slice());
  }

  /**
   * The most similar vector of the index, the first added among equals; null for an empty index. With `threshold`, only
   * a neighbour strictly above it is looked for (faster), and null means that there is none.
   * @throws RangeError for another number of components, or one that is not finite.
   */
  nearest(vector: Float32Array, options: { threshold?: number } = {}): NearestNeighbour | null {
    return this.nearestBatch([vector], options)[0] ?? null;
  }

  /** `nearest` of each vector, in their order. */
  nearestBatch(
    vectors: readonly Float32Array[],
    options: { threshold?: number } = {},
  ): (NearestNeighbour | null)[] {
    if (Number.isNaN(options.threshold)) throw new RangeError('the threshold is NaN');
    for (const [at, vector] of vectors.entries())
      this.#check(vector, vectors.length === 1 ? 'the vector' : `vector ${at}`);
    return vectors.map((vector) => this.#nearest(vector, options.threshold ?? Number.NEGATIVE_INFINITY));
  }

  /** The similarity to every vector of the index, in the order of adding. */
  similarities(vector: Float32Array): Float64Array {
    this.#check(vector, 'the vector');
    return Float64Array.from(this.#vectors, (other) => this.#similarity(vector, other));
  }

  /**
   * Raises `highest`, which has a number for each vector of the index in the order of adding, to the similarity to
   * `vector` wherever that is higher. Called with each chosen vector in turn, it keeps everybody's similarity to the
   * nearest chosen one; begin with -Infinity.
   * @throws RangeError for a `highest` of another length than the index, or a vector that `nearest` refuses.
   */
  raiseHighest(vector: Float32Array, highest: Float64Array): void {
    this.#check(vector, 'the vector');
    if (highest.length !== this.size)
      throw new RangeError(`${highest.length} highest similarities for an index of ${this.size} vectors`);
    for (const [entry, other] of this.#vectors.entries())
      highest[entry] = Math.max(highest[entry] as number, this.#similarity(vector, other));
  }

  /** Everything that `load` needs to answer as this index does. */
  save(): SavedCosineIndex {
    const { dimensions } = this;
    const vectors = new Float32Array(this.size * dimensions);
    for (const [entry, vector] of this.#vectors.entries()) vectors.set(vector, entry * dimensions);
    return { version: 1, dimensions, ids: [...this.#ids], vectors };
  }

  /** @throws RangeError when it is not what `save` gave. */
  static load({ version, dimensions, ids, vectors }: SavedCosineIndex): CosineIndex {
    if (version !== 1) throw new RangeError(`an index saved in version ${version} cannot be loaded`);
    const index = new CosineIndex({ dimensions });
    if (vectors.length !== ids.length * dimensions)
      throw new RangeError(
        `the saved index has ${vectors.length} components for ${ids.length} vectors of ${dimensions}`,
      );
    for (const [entry, id] of ids.entries())
      index.add(id, vectors.subarray(entry * dimensions, (entry + 1) * dimensions));
    return index;
  }

  #nearest(vector: Float32Array, threshold: number): NearestNeighbour | null {
    let best = -1;
    let similarity = threshold;
    for (const [entry, other] of this.#vectors.entries()) {
      const value = this.#similarity(vector, other);
      if (value > similarity) {
        best = entry;
        similarity = value;
      }
    }
    return best < 0 ? null : { id: this.#ids[best] as string, similarity };
  }

  #similarity(vector: Float32Array, other: Float32Array): number {
    this.scored += 1;
    return cosine(vector, other);
  }

  #check(vector: Float32Array, name: string): void {
    if (vector.length !== this.dimensions)
      throw new RangeError(`${name} has ${vector.length} components; this index has ${this.dimensions}`);
    const at = vector.findIndex((component) => !Number.isFinite(component));
    if (at >= 0)
      throw new RangeError(
        `component ${at} of ${name} is ${vector[at]}: only finite numbers can be compared`,
      );
  }
}

/** An index as plain data, for a file or another thread. */
export interface SavedCosineIndex {
  version: 1;
  dimensions: number;
  ids: string[];
  /** Components of all vectors, one vector after another. */
  vectors: Float32Array;
}
