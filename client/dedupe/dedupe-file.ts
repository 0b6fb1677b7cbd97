/** Filters the rows of a file greedily by their similarity: what `seedmill dedupe` does, without a run or a server. */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { FilterItemError, type FilterVerdict } from '../../similarity/greedy-filter.js';
import type { IndexKind } from '../../similarity/new-index.js';
import type { Tokenisation } from '../../similarity/tokenise.js';
import { UserError } from '../../store/errors.js';
import { type OpenFilter, openFilter } from '../../workers/threads/threaded-filter.js';
import { matrixReader } from '../matrix-reader.js';
import { type OutputFile, refuseSameFiles } from '../outputs.js';
import { type FileRow, formatOf, placeOf, type RowFormat, readRows } from '../read-rows.js';
import { droppedLine, openOutputs, type RowFile } from '../row-file.js';
import { type ItemReader, type RowItem, textReader, vectorReader } from '../row-items.js';

/** Rows that are compared at the same time by all threads. */
const blockSize = 2_048;
/** Of smaller inputs one thread is the faster: each thread has to read and tokenise every text. */
const bytesWorthThreads = 64e6;

export interface DedupeOptions {
  /** JSON Lines, or one JSON array. */
  input: string;
  /** Rows that are compared with and not written. */
  against?: string;
  out: string;
  dropped?: string;
  /** A row is dropped when a row before it, or one of `against`, is more similar than this: 0 to 1. */
  threshold: number;
  compare: Comparison;
  /** Default: one for each core, or none but this one for a small input. */
  threads?: number;
  onProgress?: (progress: DedupeReport) => void;
  /** Ends the work between two blocks; nothing is written then. */
  signal?: AbortSignal;
}

/** `field`: of a text. Embeddings come from a field of each row, or from .npy files. */
export type Comparison =
  | { metric: 'rouge-l'; field: string; tokenisation: Tokenisation }
  | { metric: 'cosine'; embeddings: string }
  | { metric: 'cosine'; matrix: string; againstMatrix?: string };

export interface DedupeReport {
  rows: number;
  kept: number;
  dropped: number;
  seconds: number;
  /** Pairs that brute force would compare. */
  pairsConsidered: number;
  /** Pairs whose similarity had to be computed. */
  pairsScored: number;
}

/**
 * Writes the kept rows in their order to `out` and the others, with their nearest neighbours, to `dropped`; both files
 * appear only when everything is done.
 * @throws UserError with file, line and row for what cannot be read or compared.
 */
export async function dedupeFile(options: DedupeOptions): Promise<DedupeReport> {
  const { compare } = options;
  if (compare.metric === 'rouge-l') {
    const kind = { metric: 'rouge-l', tokenisation: compare.tokenisation } as const;
    const reader = (file: string) => Promise.resolve(textReader({ file, field: compare.field }));
    return await new Dedupe<string>(options, { reader, kind: () => kind }).run();
  }
  const reader = async (file: string) => {
    if ('embeddings' in compare) return vectorReader({ file, field: compare.embeddings });
    const matrix = file === options.against ? compare.againstMatrix : compare.matrix;
    if (matrix === undefined) throw new UserError(`${file}: there are no embeddings for its rows`);
    return await matrixReader({ file, matrix });
  };
  const kind = (first: Float32Array) => ({ metric: 'cosine', dimensions: first.length }) as const;
  return await new Dedupe<Float32Array>(options, { reader, kind }).run();
}

interface Metric<Item> {
  reader: (file: string) => Promise<ItemReader<Item>>;
  /** The kind of index for items like the first one. */
  kind: (first: Item) => IndexKind;
}

class Dedupe<Item> {
  readonly #options: DedupeOptions;
  readonly #metric: Metric<Item>;
  readonly #started = performance.now();
  #rows = 0;
  #threads = 1;
  #open: OpenFilter<Item> | null = null;

  constructor(options: DedupeOptions, metric: Metric<Item>) {
    this.#options = options;
    this.#metric = metric;
  }

  async run(): Promise<DedupeReport> {
    const { input, against, out, dropped, compare } = this.#options;
    const matrices = 'matrix' in compare ? [compare.matrix, compare.againstMatrix] : [];
    const inputs = [input, against, ...matrices].filter((file) => file !== undefined);
    const outputs = [
      { option: '--out', file: out },
      ...(dropped === undefined ? [] : [{ option: '--dropped', file: dropped }]),
    ];
    for (const file of inputs) await refuseSameFiles([{ option: 'an input', file }, ...outputs]);
    const format = await formatOf(input);
    this.#threads = this.#options.threads ?? (await usualThreads(inputs));
    const { kept, rejected } = await openOutputs({ out, dropped, format });
    try {
      if (against !== undefined) await this.#know(against);
      await this.#filter({ input, format, kept, rejected });
      await kept.end();
      await rejected?.commit();
      await kept.file.commit();
      return this.#report();
    } finally {
      await this.#open?.close();
      await kept.file.discard();
      await rejected?.discard();
    }
  }

  async #know(file: string): Promise<void> {
    const format = await formatOf(file);
    for await (const block of this.#blocks(file, format)) {
      const items = block.map(({ row, id, item }) => ({ id: neighbour({ file, row, id }), item }));
      await this.#comparing(file, block, (filter) => filter.know(items));
    }
  }

  async #filter(files: {
    input: string;
    format: RowFormat;
    kept: RowFile;
    rejected: OutputFile | null;
  }): Promise<void> {
    const { input, format, kept, rejected } = files;
    for await (const block of this.#blocks(input, format)) {
      const items = block.map(({ row, id, item }) => ({ id: neighbour({ row, id }), item }));
      const verdicts = await this.#comparing(input, block, (filter) => filter.offer(items));
      this.#rows += block.length;
      for (const [n, verdict] of verdicts.entries()) {
        const { row, id } = block[n] as RowItem<Item>;
        if (verdict === null) await kept.write(row.bytes);
        else await rejected?.write(rejection({ row, id, verdict }));
      }
      this.#options.onProgress?.(this.#report());
    }
  }

  /** The next block is read while this one is compared. */
  async *#blocks(file: string, format: RowFormat): AsyncGenerator<RowItem<Item>[]> {
    const reader = await this.#metric.reader(file);
    const rows = readRows({ file, format, blockSize });
    const next = async () => {
      const { value } = await rows.next();
      return value ? await reader.read(value) : null;
    };
    try {
      let reading = next();
      for (;;) {
        const block = await reading;
        if (block === null) break;
        reading = next();
        // It is awaited after this block's work; until then its failure is nobody's.
        reading.catch(() => {});
        yield block;
        this.#options.signal?.throwIfAborted();
      }
      reader.finish();
    } finally {
      await rows.return(undefined);
      await reader.close();
    }
  }

  async #comparing<Result>(
    file: string,
    block: readonly RowItem<Item>[],
    work: (filter: OpenFilter<Item>['filter']) => Result | Promise<Result>,
  ): Promise<Result> {
    const [first] = block as [RowItem<Item>];
    try {
      this.#open ??= openFilter<Item>({
        kind: this.#metric.kind(first.item),
        threshold: this.#options.threshold,
        threads: this.#threads,
      });
      return await work(this.#open.filter);
    } catch (error) {
      if (!(error instanceof FilterItemError || error instanceof RangeError)) throw error;
      const { row } = error instanceof FilterItemError ? (block[error.place] as RowItem<Item>) : first;
      throw new UserError(`${placeOf(file, row)}: ${error.message}`, { cause: error });
    }
  }

  #report(): DedupeReport {
    const counts = this.#open?.filter.counts;
    const { kept = 0, dropped = 0, pairsConsidered = 0, pairsScored = 0 } = counts ?? {};
    const seconds = Math.round(performance.now() - this.#started) / 1_000;
    return { rows: this.#rows, kept, dropped, seconds, pairsConsidered, pairsScored };
  }
}

/** How a row is named as a neighbour: the JSON that stands in `--dropped`. */
function neighbour(place: { file?: string; row: FileRow; id: string | number | undefined }): string {
  const { file, row, id } = place;
  return JSON.stringify({ ...(file !== undefined && { file }), row: row.row, id });
}

function rejection(options: {
  row: FileRow;
  id: string | number | undefined;
  verdict: NonNullable<FilterVerdict>;
}): Buffer {
  const { row, id, verdict } = options;
  const { similarity } = verdict;
  return droppedLine({ head: { row: row.row, id, similarity }, nearest: verdict.id, row });
}

/** Threads that filter these files unless the user says otherwise. */
export async function usualThreads(inputs: readonly string[]): Promise<number> {
  // Whatever cannot be looked at is refused when it is read.
  const sizes = await Promise.all(
    inputs.map(async (file) => (await stat(file).catch(() => null))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0) < bytesWorthThreads ? 1 : availableParallelism();
}
