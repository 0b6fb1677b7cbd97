/** A dataset in Parquet, alone or as the folder of a Hugging Face dataset with its card. */
import { cardOf } from './card.js';
import { pairColumns, rowColumns } from './columns.js';
import { type ExportWork, sidedRows, type Written } from './export-work.js';
import type { Origins } from './origins.js';
import { ParquetOutput, type ParquetSplit } from './parquet-output.js';
import type { Side } from './split.js';

interface WrittenSplits {
  rows: Record<Side, ParquetSplit>;
  pairs: Record<Side, ParquetSplit> | null;
}

/** `train-00000-of-00001.parquet`, and `preference/…` of a run that has pairs. */
export async function writeParquet(work: ExportWork): Promise<Written> {
  return counted(await writeSplits(work, ''));
}

/** `data/…`, `preference/…`, and the card. */
export async function writeHuggingFace(
  work: ExportWork,
  about: { origins: Origins; licence: string | null },
): Promise<Written> {
  const { dataset, shape, split, folder } = work;
  const written = await writeSplits(work, 'data/');
  const skills = new Map<string, number>();
  for (const { row } of sidedRows({ ...work, tick: () => {} }))
    for (const skill of row.lineage.mix?.skills ?? []) skills.set(skill, (skills.get(skill) ?? 0) + 1);
  const card = cardOf({
    dataset,
    columns: rowColumns(shape),
    ...written,
    split: split?.report ?? null,
    ...about,
    skills,
    hasBatches: shape.hasBatches,
  });
  await folder.text('README.md', card);
  return counted(written);
}

async function writeSplits(work: ExportWork, prefix: string): Promise<WrittenSplits> {
  const { dataset, shape, split, folder } = work;
  const columns = rowColumns(shape);
  const outputs = {
    train: new ParquetOutput(folder, { prefix: `${prefix}train`, columns }),
    test: new ParquetOutput(folder, { prefix: `${prefix}test`, columns }),
  };
  for (const { row, side } of sidedRows(work)) await outputs[side].write(row);
  const rows = { train: await outputs.train.end(), test: await outputs.test.end() };
  const found = dataset.pairs();
  if (found === null) return { rows, pairs: null };
  const pairOutputs = {
    train: new ParquetOutput(folder, { prefix: 'preference/train', columns: pairColumns }),
    test: new ParquetOutput(folder, { prefix: 'preference/test', columns: pairColumns }),
  };
  for (const pair of found) {
    const side = split ? split.sideOfText(pair.prompt) : 'train';
    if (side !== null) await pairOutputs[side].write(pair);
  }
  return { rows, pairs: { train: await pairOutputs.train.end(), test: await pairOutputs.test.end() } };
}

function counted({ rows, pairs }: WrittenSplits): Written {
  const ofSides = ({ train, test }: Record<Side, ParquetSplit>) => ({ train: train.rows, test: test.rows });
  return { rows: ofSides(rows), pairs: pairs && ofSides(pairs) };
}
