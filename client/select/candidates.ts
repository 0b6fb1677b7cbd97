import { UserError } from '../../store/errors.js';
import type { Vectors } from '../../methods/deita/select.js';
import { type OpenMatrix, openMatrix } from '../matrix-reader.js';
import { type FileRow, parseRow, placeOf, type RowFormat, readRows } from '../read-rows.js';
import { idOf, lookUp, toVector } from '../row-items.js';
import { FieldVectors, MatrixVectors, VectorError } from './row-vectors.js';
import { scoreOf } from './score-of.js';

/** Rows that are read at a time. */
export const blockSize = 2_048;

/** Where vectors come from: a field of each row, or a .npy file whose rows are theirs. */
export type VectorSource = { field: string } | { matrix: string };

export interface CandidateOptions {
  file: string;
  format: RowFormat;
  /** Fields that the score is the product of; none: no scores. */
  scores: readonly string[];
  /** Rows without a score: refused, or left out. */
  missingScores: 'refuse' | 'drop';
  vectors: VectorSource | null;
  onRows: (rows: number) => void;
  signal?: AbortSignal | undefined;
}

/** What a selection knows of the rows of a file; all lists are by row, from 0. */
export class Candidates {
  readonly ids: (string | number | undefined)[] = [];
  /** Null: the row has none. Empty when nobody asked for scores. */
  readonly scores: (number | null)[] = [];
  readonly #options: CandidateOptions;
  readonly #lines: number[] = [];
  #vectors: FieldVectors | MatrixVectors | null = null;
  #matrix: OpenMatrix | null = null;

  private constructor(options: CandidateOptions) {
    this.#options = options;
  }

  /** @throws UserError with file, line and row. */
  static async read(options: CandidateOptions): Promise<Candidates> {
    const candidates = new Candidates(options);
    try {
      await candidates.#read();
      return candidates;
    } catch (error) {
      await candidates.close();
      throw candidates.explain(error);
    }
  }

  get count(): number {
    return this.ids.length;
  }

  /** Throws when none were asked for. */
  get vectors(): Vectors {
    if (this.#vectors === null) throw new Error('no vectors were asked for');
    return this.#vectors;
  }

  /** Numbers of the rows that can be selected. */
  eligible(): number[] {
    const rows = Array.from(this.ids, (_, row) => row);
    return this.scores.length === 0 ? rows : rows.filter((row) => this.scores[row] !== null);
  }

  /** An error about a row's vector, with the row's place. */
  explain(error: unknown): unknown {
    if (!(error instanceof VectorError)) return error;
    const place = { row: error.row + 1, line: this.#lines[error.row] as number };
    return new UserError(`${placeOf(this.#options.file, place)}: ${error.message}`);
  }

  async close(): Promise<void> {
    await this.#matrix?.handle.close();
    this.#matrix = null;
  }

  async #read(): Promise<void> {
    const { file, format, vectors, onRows, signal } = this.#options;
    if (vectors !== null && 'matrix' in vectors) {
      this.#matrix = await openMatrix(vectors.matrix);
      this.#vectors = new MatrixVectors(this.#matrix, vectors.matrix);
    } else if (vectors !== null) this.#vectors = new FieldVectors(vectors.field);
    for await (const block of readRows({ file, format, blockSize })) {
      for (const row of block) this.#add(row);
      onRows(this.count);
      signal?.throwIfAborted();
    }
    if (this.#matrix && this.#matrix.header.rows !== this.count && vectors !== null && 'matrix' in vectors)
      throw new UserError(
        `${vectors.matrix}: has ${this.#matrix.header.rows} rows; ${file} has ${this.count}`,
      );
  }

  #add(row: FileRow): void {
    const { file, scores, missingScores, vectors } = this.#options;
    const object = parseRow(file, row);
    this.#lines.push(row.line);
    this.ids.push(idOf(object));
    try {
      if (scores.length > 0) {
        const found = scoreOf(object, scores);
        if ('missing' in found && missingScores === 'refuse')
          throw new RangeError(
            `${found.missing} is missing; --missing-scores drop leaves such rows out, --scores names another field`,
          );
        this.scores.push('score' in found ? found.score : null);
      }
      if (this.#vectors instanceof FieldVectors) this.#vectors.add(vectorIn(object, vectors));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(`${placeOf(file, row)}: ${error.message}`);
    }
  }
}

function vectorIn(row: Record<string, unknown>, source: VectorSource | null): Float32Array {
  if (source === null || 'matrix' in source) throw new Error('vectors come from no field');
  const value = lookUp(row, source.field);
  if (value === undefined) throw new RangeError(`${source.field} is missing`);
  try {
    return toVector(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${source.field} ${error.message}`);
  }
}
