/** Writes the dataset of a run in one format: what `seedmill export` does. */
import type { Store } from '../../store/types.js';
import { toJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { storePath } from '../status.js';
import { type ExportedFile, type ExportFile, ExportFolder } from './export-folder.js';
import { type DatasetShape, datasetInfo, formats } from './formats.js';
import type { FormatName, TextFormatName } from './names.js';
import { type ExportWork, sidedRows, type Written } from './export-work.js';
import { originsOf } from './origins.js';
import { openDataset, type RunDataset } from './run-dataset.js';
import { type SplitReport, type SplitRequest, splitRows } from './split.js';
import { writeHuggingFace, writeParquet } from './write-parquet.js';

export interface ExportOptions {
  store: Store;
  runId: string;
  format: FormatName;
  folder: string;
  /** null: everything is for training. */
  split: SplitRequest | null;
  /** For the card; null: what the seed tasks or given rows state. */
  licence: string | null;
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
    const written = await write(work, options);
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

async function write(work: ExportWork, { store, format, licence }: ExportOptions): Promise<Written> {
  if (format === 'parquet') return await writeParquet(work);
  if (format !== 'huggingface') return await writeText(work, format);
  return await writeHuggingFace(work, { origins: await originsOf(store, work.dataset), licence });
}

function shapeOf(dataset: RunDataset, tick: () => void): DatasetShape {
  const shape = {
    hasBatches: false,
    isMultiTurn: false,
    hasFlags: Object.values(dataset.recipe.scan ?? {}).includes('flag'),
    hasSkills: false,
    hasScores: false,
    isEvolved: false,
    hasCalls: false,
    hasSeeds: false,
    isReviewed: false,
    hasOrigins: false,
  };
  for (const { batch, history, lineage } of dataset.rows()) {
    shape.hasBatches ||= batch !== null;
    shape.isMultiTurn ||= history.length > 0;
    shape.hasSkills ||= lineage.mix !== undefined;
    shape.hasScores ||= lineage.scored !== undefined;
    shape.isEvolved ||= lineage.variant !== undefined;
    shape.hasCalls ||= (lineage.calls ?? []).length > 0;
    shape.hasSeeds ||= (lineage.seedIds ?? []).length > 0;
    shape.isReviewed ||= lineage.review !== undefined;
    shape.hasOrigins ||= lineage.source !== undefined || lineage.licence !== undefined;
    tick();
  }
  return shape;
}

async function writeText(work: ExportWork, name: TextFormatName): Promise<Written> {
  const { dataset, shape, folder } = work;
  const format = formats[name];
  const extension = format.file === 'array' ? 'json' : 'jsonl';
  const outputs = {
    train: new RowOutput(folder, `train.${extension}`),
    test: new RowOutput(folder, `test.${extension}`),
  };
  for (const { row, side } of sidedRows(work)) await outputs[side].write(format.row(row, shape));
  await outputs.train.end();
  await outputs.test.end();
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
  return { rows: { train: outputs.train.rows, test: outputs.test.rows }, pairs };
}

async function writePairs(
  { dataset, folder, split }: ExportWork,
  toRow: NonNullable<(typeof formats)['trl']['pair']>,
): Promise<Written['pairs']> {
  const found = dataset.pairs();
  if (found === null) return null;
  const outputs = {
    train: new RowOutput(folder, 'preference/train.jsonl'),
    test: new RowOutput(folder, 'preference/test.jsonl'),
  };
  for (const pair of found) {
    const side = split ? split.sideOfText(pair.prompt) : 'train';
    if (side !== null) await outputs[side].write(toRow(pair));
  }
  await outputs.train.end();
  await outputs.test.end();
  return { train: outputs.train.rows, test: outputs.test.rows };
}

/** Rows as lines, or as elements of one array; no file where there is none. */
class RowOutput {
  readonly #folder: ExportFolder;
  readonly #name: string;
  readonly #isArray: boolean;
  #file: ExportFile | null = null;
  rows = 0;

  constructor(folder: ExportFolder, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#isArray = name.endsWith('.json');
  }

  async write(row: object): Promise<void> {
    this.#file ??= await this.#folder.file(this.#name);
    const before = this.#isArray ? (this.rows === 0 ? '[\n' : ',\n') : '';
    await this.#file.write(Buffer.from(`${before}${toJson(row)}${this.#isArray ? '' : '\n'}`));
    this.rows += 1;
  }

  async end(): Promise<void> {
    if (this.#file === null) return;
    if (this.#isArray) await this.#file.write(Buffer.from('\n]\n'));
    this.#file.rows = this.rows;
    await this.#file.end();
  }
}
