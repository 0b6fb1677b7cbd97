import type { KernelMemory } from './kernel-memory.js';

/** Bytes before the components of a row, as `kernel/cosine.ts` has it. */
export const rowHeaderBytes = 16;

/** A dot product of 1 in the units of `kernel/vectors.ts`. */
export const unit = 32_767 ** 2;

/** Components of a segment, as `kernel/vectors.ts` has it. */
const segmentComponents = 32;

/** Pairs of components, the last one filled up, and segments of them. */
export function vectorParts(dimensions: number): { pairs: number; segments: number } {
  return { pairs: Math.ceil(dimensions / 2), segments: Math.ceil(dimensions / segmentComponents) };
}

/** Bytes of a row, a multiple of 16. */
export function rowBytes(dimensions: number): number {
  return rowHeaderBytes + Math.ceil(dimensions / 4) * 16;
}

/** A place for the vector that is being added or asked about, laid out for the kernel. */
export class PreparedVector {
  /** Addresses of its row, of its rounded form, and of 16 equal limits. */
  readonly row: number;
  readonly rounded: number;
  readonly limits: number;
  /** How far rounding moved it, where its length is 1. */
  error = 0;
  readonly #memory: KernelMemory;
  readonly #dimensions: number;

  constructor(memory: KernelMemory, dimensions: number) {
    this.#memory = memory;
    this.#dimensions = dimensions;
    const { pairs, segments } = vectorParts(dimensions);
    this.row = memory.allocate(rowBytes(dimensions));
    this.rounded = memory.allocate((segments + pairs) * 4);
    this.limits = memory.allocate(64);
  }

  /**
   * Takes in a vector; `name` is what errors call it.
   * @throws RangeError for another number of components, or one that is not finite.
   */
  set(vector: Float32Array, name: string): void {
    if (vector.length !== this.#dimensions)
      throw new RangeError(`${name} has ${vector.length} components; this index has ${this.#dimensions}`);
    const { kernel, f32 } = this.#memory;
    f32.set(vector, (this.row + rowHeaderBytes) / 4);
    if (!Number.isFinite(kernel.finishRow(this.row, vector.length))) {
      const at = vector.findIndex((component) => !Number.isFinite(component));
      throw new RangeError(
        `component ${at} of ${name} is ${vector[at]}: only finite numbers can be compared`,
      );
    }
    this.error = kernel.roundVector(this.row, vector.length, this.rounded);
  }

  /** Sets what dot products have to reach, in units of `unit`. */
  setLimit(limit: number): void {
    this.#memory.f32.fill(limit, this.limits / 4, this.limits / 4 + 16);
  }

  get limit(): number {
    return this.#memory.f32[this.limits / 4] as number;
  }
}
