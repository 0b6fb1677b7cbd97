/** Vectors of a file's rows by their number: from a field, in memory, or from a .npy file, read when they are needed. */
import { readSync } from 'node:fs';
import type { Vectors } from '../../methods/deita/select.js';
import { readNpyValues } from '../../similarity/npy.js';
import { UserError } from '../../store/errors.js';
import type { OpenMatrix } from '../matrix-reader.js';

/** What of a vector is wrong, with a row's number from 0; the message follows the row's place. */
export class VectorError extends Error {
  override readonly name = 'VectorError';
  readonly row: number;

  constructor(row: number, message: string) {
    super(message);
    this.row = row;
  }
}

/** Vectors that were read with their rows. */
export class FieldVectors implements Vectors {
  readonly #rows: Float32Array[] = [];
  readonly #field: string;

  constructor(field: string) {
    this.#field = field;
  }

  get dimensions(): number {
    return this.#rows[0]?.length ?? 0;
  }

  /** @throws VectorError for another length than the first one's, or a number that is not finite. */
  add(vector: Float32Array): void {
    const row = this.#rows.length;
    if (vector.length === 0) throw new VectorError(row, `${this.#field} has no numbers`);
    this.#rows.push(vector);
    if (vector.length !== this.dimensions)
      throw new VectorError(
        row,
        `${this.#field} has ${vector.length} numbers; those before have ${this.dimensions}`,
      );
    refuseInfinite(row, vector, this.#field);
  }

  row(number: number): Float32Array {
    return this.#rows[number] as Float32Array;
  }
}

/** Vectors in a file: memory holds those that somebody works with. `row` throws as `FieldVectors.add` does. */
export class MatrixVectors implements Vectors {
  readonly #matrix: OpenMatrix;
  readonly #name: string;

  /** `name`: the path of the matrix, for errors. */
  constructor(matrix: OpenMatrix, name: string) {
    this.#matrix = matrix;
    this.#name = name;
  }

  get dimensions(): number {
    return this.#matrix.header.columns;
  }

  row(number: number): Float32Array {
    const { handle, header } = this.#matrix;
    const { columns, itemBytes, dataOffset, type } = header;
    const bytes = Buffer.alloc(columns * itemBytes);
    const position = dataOffset + number * bytes.length;
    // Not awaited: rows are asked for one by one, and most lie in the system's cache.
    if (readSync(handle.fd, bytes, { position }) < bytes.length)
      throw new UserError(`${this.#name}: became shorter while it was read`);
    const vector = readNpyValues(bytes, type);
    refuseInfinite(number, vector, this.#name);
    return vector;
  }
}

function refuseInfinite(row: number, vector: Float32Array, name: string): void {
  let sum = 0;
  // 0 for a finite number, else NaN.
  for (const component of vector) sum += component - component;
  if (sum === 0) return;
  const at = vector.findIndex((component) => !Number.isFinite(component));
  throw new VectorError(row, `number ${at} of its vector in ${name} is ${vector[at]}: not finite`);
}
