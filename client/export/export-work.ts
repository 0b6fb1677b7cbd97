/** What the writers of the formats share. */
import type { ExportFolder } from './export-folder.js';
import type { DatasetShape } from './formats.js';
import type { ExportRow, RunDataset } from './run-dataset.js';
import type { Side, Split } from './split.js';

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
