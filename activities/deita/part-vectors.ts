import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Vectors } from '../../methods/deita/select.js';
import { type Matrix, readNpy } from '../../similarity/npy.js';
import { CorruptDataError } from '../../store/errors.js';

const bytesPerNumber = 4;

/** Vectors of many parts in a temporary file: memory holds those that somebody works with. */
export class PartVectors implements Vectors {
  dimensions = 0;
  /** Rows so far. */
  count = 0;
  /** Rows whose vectors have another length than the first ones; they count as missing. */
  ofOtherLength = 0;
  readonly #file = openUnnamed();
  readonly #missing = new Set<number>();

  /**
   * Adds a part's .npy file, of which a row of zeros stands for a missing vector; `null`: all of its `rows` are missing.
   * @throws CorruptDataError for another number of rows than there are, or a number that is not finite.
   */
  add(npy: Uint8Array | null, { rows, name }: { rows: number; name: string }): void {
    const first = this.count;
    this.count += rows;
    if (npy === null) {
      this.#miss(first);
      return;
    }
    const matrix = readMatrix(npy, name);
    const { columns, values } = matrix;
    if (matrix.rows !== rows)
      throw new CorruptDataError(`${name} has ${matrix.rows} vectors for ${rows} rows`);
    if (this.dimensions === 0) this.dimensions = columns;
    if (columns !== this.dimensions) {
      this.ofOtherLength += rows;
      this.#miss(first);
      return;
    }
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0)
      throw new CorruptDataError(`${name} has ${values[wrong]} in vector ${Math.floor(wrong / columns)}`);
    for (let row = 0; row < rows; row += 1) {
      const isZero = values.subarray(row * columns, (row + 1) * columns).every((value) => value === 0);
      if (isZero) this.#missing.add(first + row);
    }
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#file, bytes, done, bytes.length - done, this.#at(first) + done);
  }

  has(row: number): boolean {
    return !this.#missing.has(row);
  }

  row(number: number): Float32Array {
    const vector = new Float32Array(this.dimensions);
    const bytes = Buffer.from(vector.buffer);
    // Not awaited: rows are asked for one by one, and most lie in the system's cache.
    if (readSync(this.#file, bytes, { position: this.#at(number) }) < bytes.length)
      throw new Error(`the temporary file of vectors ends before row ${number}`);
    return vector;
  }

  close(): void {
    closeSync(this.#file);
  }

  #miss(first: number): void {
    for (let row = first; row < this.count; row += 1) this.#missing.add(row);
  }

  #at(row: number): number {
    return row * this.dimensions * bytesPerNumber;
  }
}

/** Its name is gone before anything is in it: whatever ends this process, the disk gets its space back. */
function openUnnamed(): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'seedmill-vectors-'));
  try {
    return openSync(path.join(folder, 'vectors'), 'w+');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readMatrix(npy: Uint8Array, name: string): Matrix {
  try {
    return readNpy(npy);
  } catch (error) {
    throw new CorruptDataError(`${name}: ${(error as Error).message}`);
  }
}
