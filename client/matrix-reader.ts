/** Vectors from a .npy file whose rows belong to the rows of another file, in their order. */
import { type FileHandle, open } from 'node:fs/promises';
import { type NpyHeader, readNpyHeader, readNpyValues } from '../similarity/npy.js';
import { UserError } from '../store/errors.js';
import { explainReadError } from './read-text.js';
import { type FileRow, parseRow } from './read-rows.js';
import { idOf, type ItemReader, type RowItem } from './row-items.js';

/** More than any header of a matrix has. */
const mostHeaderBytes = 4_096;

/** A .npy file that is open, with as many bytes as its header says. */
export interface OpenMatrix {
  handle: FileHandle;
  header: NpyHeader;
}

/** Opens a matrix. @throws UserError when it cannot be read or is no matrix of floating-point numbers. */
export async function openMatrix(matrix: string): Promise<OpenMatrix> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(matrix);
    const { size } = await handle.stat();
    const start = Buffer.alloc(Math.min(size, mostHeaderBytes));
    await handle.read({ buffer: start, position: 0 });
    const header = readNpyHeader(start);
    const needed = header.dataOffset + header.rows * header.columns * header.itemBytes;
    if (size !== needed) throw new RangeError(`has ${size} bytes; its shape needs ${needed}`);
    return { handle, header };
  } catch (error) {
    await handle?.close();
    if (error instanceof RangeError) throw new UserError(`${matrix}: ${error.message}`);
    throw explainReadError(error, matrix);
  }
}

/** Reads the matrix beside the rows of `file`. Throws as `openMatrix` does. */
export async function matrixReader(options: {
  file: string;
  matrix: string;
}): Promise<ItemReader<Float32Array>> {
  return new MatrixReader({ ...options, ...(await openMatrix(options.matrix)) });
}

class MatrixReader implements ItemReader<Float32Array> {
  readonly #file: string;
  readonly #matrix: string;
  readonly #handle: FileHandle;
  readonly #header: NpyHeader;
  #next = 0;

  constructor(options: { file: string; matrix: string; handle: FileHandle; header: NpyHeader }) {
    this.#file = options.file;
    this.#matrix = options.matrix;
    this.#handle = options.handle;
    this.#header = options.header;
  }

  async read(block: readonly FileRow[]): Promise<RowItem<Float32Array>[]> {
    const { rows, columns, itemBytes, dataOffset, type } = this.#header;
    if (this.#next + block.length > rows) {
      throw new UserError(`${this.#matrix}: has ${rows} rows; ${this.#file} has more`);
    }
    const bytes = Buffer.alloc(block.length * columns * itemBytes);
    await this.#handle.read({
      buffer: bytes,
      position: dataOffset + this.#next * columns * itemBytes,
    });
    this.#next += block.length;
    const values = readNpyValues(bytes, type);
    return block.map((row, n) => ({
      row,
      id: idOf(parseRow(this.#file, row)),
      item: values.slice(n * columns, (n + 1) * columns),
    }));
  }

  finish(): void {
    const { rows } = this.#header;
    if (this.#next < rows)
      throw new UserError(`${this.#matrix}: has ${rows} rows; ${this.#file} has only ${this.#next}`);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
