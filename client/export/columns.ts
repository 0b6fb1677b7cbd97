/** The columns of a dataset in Parquet: their types, and what a Hugging Face card says of them. */
import type { ParquetWriter } from 'hyparquet-writer';
import type { PreferencePair } from '../../methods/deita/preference-pairs.js';
import type { DatasetShape } from './formats.js';
import type { ExportRow, Message } from './run-dataset.js';

export interface Column<Row> {
  name: string;
  type: ColumnType;
  /** For people. */
  meaning: string;
  value: (row: Row) => unknown;
}

export type ColumnType = 'string' | 'int32' | 'float64' | 'strings' | 'numbers' | 'messages';

/** Columns that every row of the dataset has, null where a row has no such thing. */
export function rowColumns(shape: DatasetShape): Column<ExportRow>[] {
  return [
    { name: 'id', type: 'string', meaning: 'names the example in the run’s lineage', value: ({ id }) => id },
    {
      name: 'messages',
      type: 'messages',
      meaning: 'the conversation: who speaks and what they say',
      value: ({ messages }) => messages,
    },
    ...(shape.hasBatches ? batchColumns : []),
    ...(shape.hasFlags ? flagColumns : []),
    ...(shape.hasSkills ? skillColumns : []),
    ...(shape.hasScores ? scoreColumns : []),
    ...(shape.isEvolved ? evolvedColumns : []),
    ...(shape.hasCalls
      ? [column('model', 'string', 'as its endpoint names it', ({ calls }) => calls?.at(-1)?.model ?? null)]
      : []),
    ...(shape.hasSeeds ? seedColumns : []),
    ...(shape.isReviewed ? reviewColumns : []),
    ...(shape.hasOrigins ? originColumns : []),
  ];
}

function column(
  name: string,
  type: ColumnType,
  meaning: string,
  value: (lineage: ExportRow['lineage']) => unknown,
): Column<ExportRow> {
  return { name, type, meaning, value: ({ lineage }) => value(lineage) };
}

const batchColumns: Column<ExportRow>[] = [
  {
    name: 'round',
    type: 'int32',
    meaning: 'of the loop; null: it waited for a batch',
    value: ({ round }) => round,
  },
  {
    name: 'batch',
    type: 'string',
    meaning: 'composed for one training step; null: it waited for one',
    value: ({ batch }) => batch,
  },
];

const flagColumns = [
  column(
    'flags',
    'strings',
    'kinds of personal data and secrets that a scan has found',
    ({ flags }) => flags ?? [],
  ),
];

const skillColumns = [
  column('skills', 'strings', 'that the example was asked to need', ({ mix }) => mix?.skills ?? []),
  column('query_type', 'string', 'what kind of question it was to be', ({ mix }) => mix?.queryType ?? null),
];

const scoreColumns = [
  column('complexity', 'numbers', '1 to 6, for each turn', ({ scored }) => scored?.complexity ?? []),
  column('quality', 'numbers', '1 to 6, for each turn', ({ scored }) => scored?.quality ?? []),
  column(
    'deita_score',
    'float64',
    'sum over the turns of complexity × quality',
    ({ scored }) => scored?.score ?? null,
  ),
];

const evolvedColumns = [
  column('origin', 'string', 'the given row that it comes from', ({ origin }) => origin ?? null),
  column('strategy', 'string', 'how it was evolved; null: not at all', ({ strategy }) => strategy ?? null),
  column('rank_score', 'float64', '1 to 6, among the variants of its origin', ({ score }) => score ?? null),
];

const seedColumns = [
  column('seed_ids', 'strings', 'seed tasks that its prompt showed', ({ seedIds }) => seedIds ?? []),
  column('seed_sources', 'strings', 'where those come from', ({ seedSources }) => seedSources ?? []),
  column('seed_licences', 'strings', 'of those, as stated', ({ seedLicences }) => seedLicences ?? []),
];

const reviewColumns = [
  column(
    'review',
    'string',
    'a person’s word: approve or edit; null: nobody looked at it',
    ({ review }) => review?.verdict ?? null,
  ),
  column('reviewed_by', 'string', 'the name that the person gave', ({ review }) => review?.by ?? null),
];

const said = (role: string, content: string): Message[] => [{ role, content }];

const originColumns = [
  column('source', 'string', 'where the given row is from, as stated', ({ source }) => source ?? null),
  column('licence', 'string', 'of the given row, as stated', ({ licence }) => licence ?? null),
];

export const pairColumns: Column<PreferencePair>[] = [
  { name: 'prompt', type: 'messages', meaning: 'the question', value: ({ prompt }) => said('user', prompt) },
  {
    name: 'chosen',
    type: 'messages',
    meaning: 'the better response',
    value: ({ chosen }) => said('assistant', chosen),
  },
  {
    name: 'rejected',
    type: 'messages',
    meaning: 'the worse one',
    value: ({ rejected }) => said('assistant', rejected),
  },
  { name: 'margin', type: 'float64', meaning: 'between their scores', value: ({ margin }) => margin },
];

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

const OPTIONAL = 'OPTIONAL' as const;
const text = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type: OPTIONAL,
});
const double = (name: string): SchemaElement => ({ name, type: 'DOUBLE', repetition_type: OPTIONAL });
const list = (name: string, element: SchemaElement[]): SchemaElement[] => [
  { name, repetition_type: OPTIONAL, converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...element,
];

const elements: Record<ColumnType, (name: string) => SchemaElement[]> = {
  string: (name) => [text(name)],
  int32: (name) => [{ name, type: 'INT32', repetition_type: OPTIONAL }],
  float64: (name) => [double(name)],
  strings: (name) => list(name, [text('element')]),
  numbers: (name) => list(name, [double('element')]),
  messages: (name) =>
    list(name, [
      { name: 'element', repetition_type: OPTIONAL, num_children: 2 },
      text('role'),
      text('content'),
    ]),
};

/** Parquet's schema of the columns. */
export function parquetSchema(columns: readonly { name: string; type: ColumnType }[]): SchemaElement[] {
  const root = { name: 'root', num_children: columns.length };
  return [root, ...columns.flatMap(({ name, type }) => elements[type](name))];
}

const features: Record<ColumnType, object> = {
  string: { dtype: 'string' },
  int32: { dtype: 'int32' },
  float64: { dtype: 'float64' },
  strings: { list: 'string' },
  numbers: { list: 'float64' },
  messages: {
    list: [
      { name: 'role', dtype: 'string' },
      { name: 'content', dtype: 'string' },
    ],
  },
};

/** The columns as `dataset_info.features` of a card lists them. */
export function cardFeatures(columns: readonly { name: string; type: ColumnType }[]): object[] {
  return columns.map(({ name, type }) => ({ name, ...features[type] }));
}
