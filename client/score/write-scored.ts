/** Writes the rows of a file with the scores, and the vectors, that a run has brought. */
import { scoreFields } from '../../activities/deita/export-rows.js';
import type { ScoredRow } from '../../activities/rows.js';
import { roundFiles } from '../../activities/run-files.js';
import type { ConversationRow } from '../../activities/student-messages.js';
import type { MissingScore, Tally } from '../../activities/types.js';
import { type Matrix, npyHeader, readNpy } from '../../similarity/npy.js';
import { readJsonlAt, toJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';
import { type ReadConversation, readConversations } from '../given-rows.js';
import { OutputFile } from '../outputs.js';
import { type FileRow, formatOf, placeOf, type RowFormat } from '../read-rows.js';
import { droppedLine, openOutputs } from '../row-file.js';
import { idOf } from '../row-items.js';

/** `no-response`: the row was not even asked about. `not-scored`: the run ended before it came to the row. */
export type Unscored = MissingScore | 'no-response' | 'not-scored' | 'vector-missing';

export interface WrittenScores {
  rows: number;
  scored: number;
  missing: Tally<Unscored>;
}

export interface ScoredFiles {
  input: string;
  out: string;
  dropped?: string | undefined;
  embeddings?: string | undefined;
}

/**
 * Writes rows with scores to `out` in the order and format of `input`, the other ones to `dropped`, and the vectors of `out`'s
 * rows to `embeddings`; all of it appears whole or not at all.
 * @throws UserError when a file cannot be written, when `input` is not what was scored, or when `signal` fires.
 */
export async function writeScored(options: {
  store: Store;
  runId: string;
  files: ScoredFiles;
  onProgress: (rows: number) => void;
  signal: AbortSignal;
}): Promise<WrittenScores> {
  const { store, runId, files, onProgress, signal } = options;
  const { input, embeddings } = files;
  const parts = new ScoredParts({ store, runId, hasVectors: embeddings !== undefined });
  const shape = embeddings === undefined ? null : await parts.shape();
  if (shape?.columns === 0) throw new UserError(`${runId}: no row has both scores and a vector`);
  const format = await formatOf(input);
  const { kept, rejected } = await openOutputs({ out: files.out, dropped: files.dropped, format });
  let matrix: OutputFile | null = null;
  const written: WrittenScores = { rows: 0, scored: 0, missing: {} };
  try {
    if (embeddings !== undefined) matrix = await OutputFile.open(embeddings);
    if (shape) await matrix?.write(npyHeader(shape));
    for await (const block of readConversations(input)) {
      signal.throwIfAborted();
      for (const read of block) {
        const { row, example, turns } = read;
        const found = turns.length === 0 ? unasked : await parts.next(read, input);
        const reason = reasonOf(found);
        written.rows += 1;
        if (reason !== null || !found.scored) {
          const why = reason ?? 'not-scored';
          written.missing[why] = (written.missing[why] ?? 0) + 1;
          const id = idOf(example);
          const head = { row: row.row, ...(id !== undefined && { id }), reason: why };
          await rejected?.write(droppedLine({ head, row }));
          continue;
        }
        written.scored += 1;
        await kept.write(withScores(read, { scored: found.scored, format }));
        if (found.vector) await matrix?.write(bytesOf(found.vector));
      }
      onProgress(written.rows);
    }
    await parts.end(input);
    await kept.end();
    await matrix?.commit();
    await rejected?.commit();
    await kept.file.commit();
    return written;
  } finally {
    await kept.file.discard();
    await rejected?.discard();
    await matrix?.discard();
  }
}

/** What is known of a row. */
interface FoundRow {
  /** null: the run did not come to it. */
  scored: ScoredRow | null;
  /** null: it has none; undefined: nobody asked for one. */
  vector?: Float32Array | null;
  isUnasked?: boolean;
}

const unasked: FoundRow = { scored: null, isUnasked: true };

function reasonOf({ scored, vector, isUnasked }: FoundRow): Unscored | null {
  if (isUnasked) return 'no-response';
  if (scored === null) return 'not-scored';
  return scored.missing ?? (vector === null ? 'vector-missing' : null);
}

/** Rows of a run on given rows, part by part. */
class ScoredParts {
  readonly #store: Store;
  readonly #runId: string;
  readonly #hasVectors: boolean;
  #part = 0;
  #rows: { row: ConversationRow; found: FoundRow }[] = [];
  #at = 0;

  constructor(options: { store: Store; runId: string; hasVectors: boolean }) {
    this.#store = options.store;
    this.#runId = options.runId;
    this.#hasVectors = options.hasVectors;
  }

  /** How many rows are going to have scores and a vector, and how long vectors are; 0 where there is none. */
  async shape(): Promise<{ rows: number; columns: number }> {
    let rows = 0;
    let columns = 0;
    for (let part = 1; ; part += 1) {
      const known = await this.#read(part);
      if (known.length === 0) return { rows, columns };
      for (const { found } of known) {
        if (reasonOf(found) !== null) continue;
        rows += 1;
        const length = found.vector?.length ?? columns;
        if (columns > 0 && length !== columns)
          throw new UserError(
            `part ${part} has vectors of ${length} numbers, those before have ${columns}: the embedder has changed; score again with teacher.reuse: run`,
          );
        columns = length;
      }
    }
  }

  /** What is known of the next row that was asked about. Throws a `UserError` when that was another one. */
  async next({ row, turns }: ReadConversation, input: string): Promise<FoundRow> {
    if (this.#at === this.#rows.length) await this.#open();
    const known = this.#rows[this.#at];
    this.#at += 1;
    if (!known || toJson(known.row.turns) !== toJson(turns)) throw changed(placeOf(input, row));
    return known.found;
  }

  /** To be called after the last row. Throws a `UserError` when some are left over. */
  async end(input: string): Promise<void> {
    if (this.#at === this.#rows.length) await this.#open();
    if (this.#at < this.#rows.length) throw changed(input);
  }

  async #open(): Promise<void> {
    this.#part += 1;
    this.#rows = await this.#read(this.#part);
    this.#at = 0;
  }

  async #read(part: number): Promise<{ row: ConversationRow; found: FoundRow }[]> {
    const files = roundFiles(this.#runId, part);
    const rows = await readJsonlAt<ConversationRow>(this.#store, files.rows, { missing: 'empty' });
    const scores = await readJsonlAt<ScoredRow>(this.#store, files.scores, { missing: 'empty' });
    const bytes = this.#hasVectors ? await this.#store.read(files.vectors) : undefined;
    const matrix = bytes === undefined ? null : readNpy(bytes);
    return rows.map((row, at) => {
      const scored = scores[at] ?? null;
      return { row, found: this.#hasVectors ? { scored, vector: vectorOf(matrix, at) } : { scored } };
    });
  }
}

/** A row of zeros stands for a vector that could not be had. */
function vectorOf(matrix: Matrix | null, row: number): Float32Array | null {
  if (matrix === null) return null;
  const { columns, values } = matrix;
  const vector = values.subarray(row * columns, (row + 1) * columns);
  return vector.every((value) => value === 0) ? null : vector;
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** The row's own text with the scores at its end: its numbers stay as they were written. */
function withScores(
  { row, example }: ReadConversation,
  { scored, format }: { scored: ScoredRow; format: RowFormat },
): Buffer {
  const fields = scoreFields(scored);
  const isScored = Object.keys(fields).some((name) => Object.hasOwn(example, name));
  const text = isScored ? toJson({ ...example, ...fields }) : spliced(row, fields);
  return Buffer.from(format === 'array' ? text : `${text}\n`);
}

function spliced({ text }: FileRow, fields: object): string {
  return `${text.slice(0, text.lastIndexOf('}')).trimEnd()},${toJson(fields).slice(1)}`;
}

function changed(where: string): UserError {
  return new UserError(
    `${where}: is not what was scored: the file was changed meanwhile; give the command again`,
  );
}
