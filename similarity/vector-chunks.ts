import type { KernelMemory } from './kernel-memory.js';
import { type PreparedVector, rowBytes, rowHeaderBytes, vectorParts } from './prepared-vector.js';

const blockVectors = 16;
/** A chunk stays in a processor's cache while several vectors are compared with it. */
const chunkBytes = 2 ** 19;
const mostBlocks = 16;

/** Vectors of a `CosineIndex` that lie together: from number `first`, `count` of them. */
export interface VectorChunk {
  first: number;
  count: number;
  /** Address of their rounded forms. */
  rounded: number;
}

/** All vectors of an index, as rows and rounded in blocks, chunk after chunk. */
export class VectorChunks {
  /** How many there are. */
  size = 0;
  /** Most vectors of a chunk, and how many blocks they make. */
  readonly chunkVectors: number;
  readonly chunkBlocks: number;
  readonly #memory: KernelMemory;
  readonly #dimensions: number;
  readonly #rowBytes: number;
  readonly #blockBytes: number;
  /** Address of each: its rows, then the rounded forms. */
  readonly #chunks: number[] = [];

  constructor(memory: KernelMemory, dimensions: number) {
    this.#memory = memory;
    this.#dimensions = dimensions;
    const { pairs, segments } = vectorParts(dimensions);
    this.#rowBytes = rowBytes(dimensions);
    this.#blockBytes = (pairs + segments) * blockVectors * 4;
    this.chunkBlocks = Math.min(mostBlocks, Math.max(1, Math.floor(chunkBytes / this.#blockBytes)));
    this.chunkVectors = this.chunkBlocks * blockVectors;
  }

  /** @throws RangeError when the memory is full; nothing is added then. */
  add(vector: PreparedVector): void {
    const place = this.size % this.chunkVectors;
    if (place === 0) {
      const bytes = this.chunkVectors * this.#rowBytes + this.chunkBlocks * this.#blockBytes;
      this.#chunks.push(this.#memory.allocate(bytes));
    }
    const row = this.row(this.size);
    this.#memory.u8.copyWithin(row, vector.row, vector.row + this.#rowBytes);
    const rounded = this.#rounded(this.#chunks.length - 1);
    const { kernel } = this.#memory;
    kernel.placeVector(vector.rounded, this.#dimensions, rounded, this.chunkBlocks, place);
    this.size += 1;
  }

  /** Address of a vector's row. */
  row(entry: number): number {
    const chunk = this.#chunks[Math.floor(entry / this.chunkVectors)] as number;
    return chunk + (entry % this.chunkVectors) * this.#rowBytes;
  }

  /** A vector's components: valid until the memory grows. */
  components(entry: number): Float32Array {
    const at = (this.row(entry) + rowHeaderBytes) / 4;
    return this.#memory.f32.subarray(at, at + this.#dimensions);
  }

  *[Symbol.iterator](): Generator<VectorChunk> {
    for (let chunk = 0; chunk < this.#chunks.length; chunk += 1) {
      const first = chunk * this.chunkVectors;
      const count = Math.min(this.chunkVectors, this.size - first);
      yield { first, count, rounded: this.#rounded(chunk) };
    }
  }

  #rounded(chunk: number): number {
    return (this.#chunks[chunk] as number) + this.chunkVectors * this.#rowBytes;
  }
}
