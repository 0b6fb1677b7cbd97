/** Writes the dataset of a run in one format: what `seedmill export` does. */
import type { Store } from '../../store/types.js';
import { toJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { storePath } from '../status.js';
import { type ExportedFile, type ExportFile, ExportFolder } from './export-folder.js';
import { type DatasetShape, datasetInfo, formats } from './formats.js';
import type { FormatName, TextFormatName } from './names.js';
import { type ExportRow, openDataset, type RunDataset } from './run-dataset.js';
import { type Side, type Split, type SplitReport, type SplitRequest, splitRows } from './split.js';

export interface ExportOptions {
  store: Store;
  runId: string;
  format: FormatName;
  folder: string;
  /** null: everything is for training. */
  split: SplitRequest | null;
  onProgress?: (progress: ExportProgress) => void;
  /** Ends the work; nothing is written then. */
  signal?: AbortSignal;
}

export interface ExportProgress {
  doing: 'reading' | 'splitting' | 'writing';
  rows: number;
  of: number;
}

/** What `--json` prints. */
export interface ExportReport {
  run: string;
  format: FormatName;
  folder: string;
  rows: { train: number; test: number };
  /** Pairs of a better and a worse response; null where the run has none or the format no form for them. */
  pairs: { train: number; test: number } | null;
  /** null: there is no test set. */
  split: SplitReport | null;
  files: ExportedFile[];
}

/** What every format is written from. */
export interface ExportWork {
  dataset: RunDataset;
  shape: DatasetShape;
  split: Split | null;
  folder: ExportFolder;
  /** To be called for each row that was written. */
  tick(): void;
}

/** Rows and pairs that were written, by side. */
export interface Written {
  rows: Record<Side, number>;
  pairs: Record<Side, number> | null;
}

/**
 * The folder appears only when everything is done.
 * @throws UserError for a run without a dataset, a format that it has not, and a folder that cannot be taken.
 */
export async function exportRun(options: ExportOptions): Promise<ExportReport> {
  const { store, runId, format } = options;
  const dataset = await openDataset(store, runId);
  const { method } = dataset.recipe;
  if (format === 'skillmix' && method !== 'skillmix')
    throw new UserError(`${runId} is a run of ${method}: only skillmix has the format of Instruct-SkillMix`);
  const place = store.url.startsWith('file://') ? storePath(store, '') : null;
  const folder = await ExportFolder.open(options.folder, { store: place });
  try {
    const progress = progressOf(options, dataset.count);
    const shape = shapeOf(dataset, progress('reading'));
    const split = options.split && splitRows(dataset, options.split, progress('splitting'));
    const work = { dataset, shape, split, folder, tick: progress('writing') };
    const written = await writeText(work, format);
    const { files } = folder;
    options.signal?.throwIfAborted();
    await folder.commit({ run: runId, format });
    return { run: runId, format, folder: options.folder, ...written, split: split?.report ?? null, files };
  } finally {
    await folder.discard();
  }
}

/** For each kind of work a function that counts its rows, and ends it when the signal says so. */
function progressOf({ onProgress, signal }: ExportOptions, of: number) {
  return (doing: ExportProgress['doing']) => {
    let rows = 0;
    return () => {
      rows += 1;
      if (rows % 1_000 !== 0) return;
      signal?.throwIfAborted();
      onProgress?.({ doing, rows, of });
    };
  };
}

function shapeOf(dataset: RunDataset, tick: () => void): DatasetShape {
  const shape = { hasBatches: false, isMultiTurn: false };
  for (const { batch, history } of dataset.rows()) {
    shape.hasBatches ||= batch !== null;
    shape.isMultiTurn ||= history.length > 0;
    tick();
  }
  return shape;
}

async function writeText(work: ExportWork, name: TextFormatName): Promise<Written> {
  const { dataset, shape, folder } = work;
  const format = formats[name];
  const extension = format.file === 'array' ? 'json' : 'jsonl';
  const train = new RowOutput(await folder.file(`train.${extension}`), format.file);
  const test = work.split && new RowOutput(await folder.file(`test.${extension}`), format.file);
  const rows = { train: 0, test: 0 };
  for (const { row, side } of sidedRows(work)) {
    rows[side] += 1;
    await (side === 'test' ? test : train)?.write(format.row(row, shape));
  }
  await train.end();
  await test?.end();
  const pairs = format.pair ? await writePairs(work, format.pair) : null;
  if (name === 'llama-factory') {
    const names = folder.files.map(({ name }) => name);
    const isPair = (file: string) => file.startsWith('preference/');
    const info = datasetInfo(dataset.recipe.name, {
      rows: names.filter((file) => !isPair(file)),
      pairs: names.filter(isPair),
    });
    await folder.text('dataset_info.json', `${toJson(info, 2)}\n`);
  }
  return { rows, pairs };
}

/** Every row that is in one of the two sets, in the order of the dataset. */
export function* sidedRows({ dataset, split, tick }: ExportWork): Generator<{ row: ExportRow; side: Side }> {
  let index = 0;
  for (const row of dataset.rows()) {
    const side = split ? split.sideOf(index) : 'train';
    index += 1;
    tick();
    if (side !== null) yield { row, side };
  }
}

async function writePairs(
  { dataset, folder, split }: ExportWork,
  toRow: NonNullable<(typeof formats)['trl']['pair']>,
): Promise<Written['pairs']> {
  const found = dataset.pairs();
  if (found === null) return null;
  const counts = { train: 0, test: 0 };
  const train = new RowOutput(await folder.file('preference/train.jsonl'), 'jsonl');
  const test = split && new RowOutput(await folder.file('preference/test.jsonl'), 'jsonl');
  for (const pair of found) {
    const side = split ? split.sideOfText(pair.prompt) : 'train';
    if (side === null) continue;
    counts[side] += 1;
    await (side === 'test' ? test : train)?.write(toRow(pair));
  }
  await train.end();
  await test?.end();
  return counts;
}

/** Rows as lines, or as elements of one array. */
class RowOutput {
  readonly #file: ExportFile;
  readonly #isArray: boolean;
  #rows = 0;

  constructor(file: ExportFile, format: 'jsonl' | 'array') {
    this.#file = file;
    this.#isArray = format === 'array';
  }

  async write(row: object): Promise<void> {
    const before = this.#isArray ? (this.#rows === 0 ? '[\n' : ',\n') : '';
    await this.#file.write(Buffer.from(`${before}${toJson(row)}${this.#isArray ? '' : '\n'}`));
    this.#rows += 1;
  }

  async end(): Promise<void> {
    if (this.#isArray) await this.#file.write(Buffer.from(this.#rows === 0 ? '[]\n' : '\n]\n'));
    this.#file.rows = this.#rows;
    await this.#file.end();
  }
}
