import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { type ExportProgress, type ExportReport, exportRun } from '../export/export-run.js';
import type { FormatName, SplitKind } from '../export/names.js';
import { fileWork } from '../file-work.js';
import { UsageError } from '../usage-error.js';
import { printJson } from '../terminal.js';

export interface ExportCommandOptions {
  format: FormatName;
  out: string;
  testShare?: number;
  split?: SplitKind;
  licence?: string;
}

/** `seedmill export`: writes the dataset of a run that has ended in a trainer's format. Returns the exit code. */
export async function exportDataset(
  context: Context,
  runId: string,
  options: ExportCommandOptions,
): Promise<number> {
  const { format, out, testShare, split, licence } = options;
  if (split !== undefined && testShare === undefined)
    throw new UsageError(`--split ${split} needs --test-share, for example --test-share 0.1`);
  if (licence !== undefined && format !== 'huggingface')
    throw new UsageError(`--licence goes into the card, which only --format huggingface has`);
  if (licence?.trim() === '') throw new UsageError('--licence is empty: leave it out if you do not know it');
  const store = await findStore(context.storeUrl);
  const report = await fileWork(describeProgress, ({ onProgress, signal }) =>
    exportRun({
      store,
      runId,
      format,
      folder: out,
      split: testShare === undefined ? null : { testShare, kind: split ?? 'random' },
      licence: licence ?? null,
      onProgress,
      signal,
    }),
  );
  if (context.json) printJson(report);
  else for (const line of describe(report)) context.say(line);
  return 0;
}

function describeProgress({ doing, rows, of }: ExportProgress): string {
  return `${doing}: ${count(rows)} of ${count(of)} rows`;
}

function describe({ rows, pairs, split, files, folder }: ExportReport): string[] {
  const inSets = (counts: { train: number; test: number }) =>
    split ? `${count(counts.train)} for training, ${count(counts.test)} for testing` : count(counts.train);
  return [
    `examples: ${inSets(rows)}`,
    ...(pairs ? [`preference pairs: ${inSets(pairs)}`] : []),
    ...(split && split.movedBack > 0
      ? [`${count(split.movedBack)} drawn for testing are too similar to one for training, and stay there`]
      : []),
    ...(split && split.leftOut > 0
      ? [
          `${count(split.leftOut)} drawn for testing are too similar to one for training, and are in neither set`,
        ]
      : []),
    ...files.map(({ name }) => `  ${name}`),
    `exported: ${folder}`,
  ];
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
