/** A growing set of vectors that answers: which of you is most similar to this one? */
import type { NearestNeighbour } from '../activities/types.js';
import type { FilterItem, FilterVerdict } from './greedy-filter.js';
import { KernelMemory } from './kernel-memory.js';
import type { NearestIndex } from './nearest-index.js';
import { PreparedVector, unit } from './prepared-vector.js';
import { type VectorChunk, VectorChunks } from './vector-chunks.js';

/** More components than any embedding has; sums of the rounded ones cannot overflow. */
const mostDimensions = 65_536;

/** Vectors that are compared with a chunk of the index while it is in the cache. */
const batchVectors = 32;

/**
 * More than all rounding other than that of the components can amount to: of the kernel's few 32-bit operations, each
 * by at most 2^-24, and of `cosine` itself, by less than 1e-11.
 */
const slack = 1e-6;

/**
 * Exact nearest neighbour by the cosine, as `cosine` defines it.
 *
 * The kernel compares vectors rounded to 16 bits a component and leaves a pair as soon as the rest cannot lift it above
 * the threshold, or above the best found so far. Rounding moves a vector of unit length by a known distance e, so the
 * cosine lies within e₁ + e₂ + e₁e₂ of the dot product of the rounded ones. What may lie above is computed by the rule,
 * so no verdict hangs on rounding.
 */
export class CosineIndex implements NearestIndex<Float32Array> {
  readonly dimensions: number;
  /** Pairs whose cosine was computed by the rule so far. */
  scored = 0;
  readonly #memory = new KernelMemory();
  readonly #chunks: VectorChunks;
  readonly #ids: string[] = [];
  /** The vector that is being added or asked about, and further ones of a batch. */
  readonly #prepared: [PreparedVector, ...PreparedVector[]];
  readonly #found: number;
  readonly #limits: number;
  /** The largest error of the vectors in the index. */
  #error = 0;

  /** @throws RangeError when `dimensions`, the components of each vector, is not 1 to 65,536. */
  constructor(options: { dimensions: number }) {
    const { dimensions } = options;
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > mostDimensions)
      throw new RangeError(`vectors need 1 to ${mostDimensions} components, not ${dimensions}`);
    this.dimensions = dimensions;
    this.#prepared = [new PreparedVector(this.#memory, dimensions)];
    this.#chunks = new VectorChunks(this.#memory, dimensions);
    this.#found = this.#memory.allocate(this.#chunks.chunkVectors * 8);
    this.#limits = this.#memory.allocate(this.#chunks.chunkVectors * 4);
  }

  /** How many vectors are in the index. */
  get size(): number {
    return this.#ids.length;
  }

  /** Bytes of the index outside JavaScript's heap. */
  get indexBytes(): number {
    return this.#memory.bytes;
  }

  /**
   * Adds a vector; one that is all zeros has the similarity 0 to everything. Ids need not be unique: the caller decides
   * what an id names.
   * @throws RangeError for another number of components, or one that is not finite, or when 4 GB are full.
   */
  add(id: string, vector: Float32Array): void {
    const [prepared] = this.#prepared;
    prepared.set(vector, `the vector of "${id}"`);
    this.#addPrepared(id, prepared);
  }

  /**
   * The most similar vector of the index, the first added among equals; null for an empty index. With `threshold`, only
   * a neighbour strictly above it is looked for (faster), and null means that there is none.
   * @throws RangeError for another number of components, or one that is not finite, or a threshold that is NaN.
   */
  nearest(vector: Float32Array, options: { threshold?: number } = {}): NearestNeighbour | null {
    const [prepared] = this.#prepared;
    prepared.set(vector, 'the vector');
    const [search] = this.#search([prepared], options.threshold);
    return search ? this.#neighbour(search) : null;
  }

  /** `nearest` of each vector, in their order: faster than one after another. */
  nearestBatch(
    vectors: readonly Float32Array[],
    options: { threshold?: number } = {},
  ): (NearestNeighbour | null)[] {
    const nearest: (NearestNeighbour | null)[] = [];
    for (let first = 0; first < vectors.length; first += batchVectors) {
      const prepared = this.#prepare(vectors.slice(first, first + batchVectors), first);
      for (const search of this.#search(prepared, options.threshold)) nearest.push(this.#neighbour(search));
    }
    return nearest;
  }

  /**
   * Filters greedily: adds, one after another, those that have no neighbour above the threshold, among the earlier ones
   * either. The same as `nearest` and `add` in turn, faster.
   * @throws RangeError as `add` does, and for a threshold that is NaN; nothing is added then, unless 4 GB are full.
   */
  addDistinct(
    items: readonly FilterItem<Float32Array>[],
    { threshold }: { threshold: number },
  ): FilterVerdict[] {
    for (const { id, item } of items) this.#prepared[0].set(item, `the vector of "${id}"`);
    const verdicts: FilterVerdict[] = [];
    for (let first = 0; first < items.length; first += batchVectors) {
      const batch = items.slice(first, first + batchVectors);
      const searches = this.#search(this.#prepare(batch.map(({ item }) => item)), threshold);
      const size = this.size;
      for (const [at, search] of searches.entries()) {
        // The others of its batch are few: no bound would pay.
        for (let entry = size; entry < this.size; entry += 1) this.#score(search, entry);
        if (search.best < 0) this.#addPrepared((batch[at] as { id: string }).id, search.prepared);
        verdicts.push(this.#neighbour(search));
      }
    }
    return verdicts;
  }

  /** The similarity to every vector of the index, in the order of adding. */
  similarities(vector: Float32Array): Float64Array {
    const [prepared] = this.#prepared;
    prepared.set(vector, 'the vector');
    const all = new Float64Array(this.size);
    for (let entry = 0; entry < all.length; entry += 1) all[entry] = this.#similarity(prepared, entry);
    return all;
  }

  /**
   * Raises `highest`, which has a number for each vector of the index in the order of adding, to the similarity to
   * `vector` wherever that is higher. Called with each chosen vector in turn, it keeps everybody's similarity to the
   * nearest chosen one; begin with -Infinity.
   * @throws RangeError for a `highest` of another length than the index, or a vector that `nearest` refuses.
   */
  raiseHighest(vector: Float32Array, highest: Float64Array): void {
    if (highest.length !== this.size)
      throw new RangeError(`${highest.length} highest similarities for an index of ${this.size} vectors`);
    const [prepared] = this.#prepared;
    prepared.set(vector, 'the vector');
    const margin = this.#margin(prepared);
    const { f32 } = this.#memory;
    for (const chunk of this.#chunks) {
      for (let place = 0; place < chunk.count; place += 1)
        f32[this.#limits / 4 + place] = ((highest[chunk.first + place] as number) - margin) * unit;
      const hits = this.#scan(chunk, prepared, { limits: this.#limits, limitStep: 64, slack: 0 });
      for (let hit = 0; hit < hits; hit += 1) {
        const entry = chunk.first + this.#foundPlace(hit);
        highest[entry] = Math.max(highest[entry] as number, this.#similarity(prepared, entry));
      }
    }
  }

  /** Everything that `load` needs to answer as this index does. */
  save(): SavedCosineIndex {
    const { dimensions } = this;
    const vectors = new Float32Array(this.size * dimensions);
    for (let entry = 0; entry < this.size; entry += 1)
      vectors.set(this.#chunks.components(entry), entry * dimensions);
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

  #addPrepared(id: string, prepared: PreparedVector): void {
    this.#chunks.add(prepared);
    this.#ids.push(id);
    this.#error = Math.max(this.#error, prepared.error);
  }

  /** At most `batchVectors` of them; errors count from `first`. */
  #prepare(vectors: readonly Float32Array[], first = 0): PreparedVector[] {
    while (this.#prepared.length < vectors.length)
      this.#prepared.push(new PreparedVector(this.#memory, this.dimensions));
    return vectors.map((vector, at) => {
      const prepared = this.#prepared[at] as PreparedVector;
      prepared.set(vector, `vector ${first + at}`);
      return prepared;
    });
  }

  /** Looks for each vector's nearest neighbour above the threshold. */
  #search(batch: readonly PreparedVector[], threshold: number = Number.NEGATIVE_INFINITY): Search[] {
    if (Number.isNaN(threshold)) throw new RangeError('the threshold is NaN');
    const searches = batch.map((prepared) => {
      const margin = this.#margin(prepared);
      prepared.setLimit((threshold - margin) * unit);
      return { prepared, margin, best: -1, similarity: threshold };
    });
    for (const chunk of this.#chunks) for (const search of searches) this.#searchChunk(chunk, search);
    return searches;
  }

  #neighbour({ best, similarity }: Search): NearestNeighbour | null {
    return best < 0 ? null : { id: this.#ids[best] as string, similarity };
  }

  /** Chunks come in the order of adding, and so do the hits in one: the first among equals is found first. */
  #searchChunk(chunk: VectorChunk, search: Search): void {
    const { prepared, margin } = search;
    // If one has a dot product p, another one that is nearer has at least p less the margin of each of the two.
    const slack = 2 * margin * unit;
    const hits = this.#scan(chunk, prepared, { limits: prepared.limits, limitStep: 0, slack });
    if (hits === 0) return;
    const { limit } = prepared;
    for (let hit = 0; hit < hits; hit += 1) {
      if (this.#foundDot(hit) < limit) continue;
      this.#score(search, chunk.first + this.#foundPlace(hit));
    }
    // Nothing is above 1.
    const needed = search.similarity >= 1 ? Number.POSITIVE_INFINITY : (search.similarity - margin) * unit;
    prepared.setLimit(Math.max(limit, needed));
  }

  #score(search: Search, entry: number): void {
    const similarity = this.#similarity(search.prepared, entry);
    if (similarity <= search.similarity) return;
    search.best = entry;
    search.similarity = similarity;
  }

  /** Writes what may reach its limit to `#found`. */
  #scan(
    { rounded, count }: VectorChunk,
    prepared: PreparedVector,
    { limits, limitStep, slack }: { limits: number; limitStep: 0 | 64; slack: number },
  ): number {
    return this.#memory.kernel.scanVectors(
      rounded,
      this.#chunks.chunkBlocks,
      count,
      this.dimensions,
      prepared.rounded,
      limits,
      limitStep,
      slack,
      this.#found,
    );
  }

  #foundPlace(hit: number): number {
    return this.#memory.u32[this.#found / 4 + hit * 2] as number;
  }

  #foundDot(hit: number): number {
    return this.#memory.f32[this.#found / 4 + hit * 2 + 1] as number;
  }

  /** How far a dot product of the rounded vectors can be from the cosine. */
  #margin({ error }: PreparedVector): number {
    return error + this.#error + error * this.#error + slack;
  }

  #similarity({ row }: PreparedVector, entry: number): number {
    this.scored += 1;
    return this.#memory.kernel.cosine(row, this.#chunks.row(entry), this.dimensions);
  }
}

/** One vector's way through the index. */
interface Search {
  prepared: PreparedVector;
  margin: number;
  /** Number of the best entry so far, or -1. */
  best: number;
  /** What a better one has to be above. */
  similarity: number;
}

/** An index as plain data, for a file or another thread. */
export interface SavedCosineIndex {
  version: 1;
  dimensions: number;
  ids: string[];
  /** Components of all vectors, one vector after another. */
  vectors: Float32Array;
}
