/** The card of a Hugging Face dataset: front matter for the Hub, and what people want to know of the data. */
import { stringify } from 'yaml';
import type { StoredRecipe } from '../../activities/run-data.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import { languageName } from '../../methods/language.js';
import { excerpt, inert } from '../../methods/text.js';
import { citationsOf } from './citations.js';
import { type Column, cardFeatures, pairColumns } from './columns.js';
import { fenced, table } from './inert.js';
import { cardLicence, type Origins } from './origins.js';
import type { ParquetSplit } from './parquet-output.js';
import type { ExportRow, RunDataset } from './run-dataset.js';
import type { Side, SplitReport } from './split.js';

export interface CardFacts {
  dataset: RunDataset;
  columns: readonly Column<ExportRow>[];
  rows: Record<Side, ParquetSplit>;
  /** null: the run has none. */
  pairs: Record<Side, ParquetSplit> | null;
  split: SplitReport | null;
  origins: Origins;
  /** As it was given to the command; null: it was not. */
  licence: string | null;
  /** How often each skill is in the dataset. */
  skills: ReadonlyMap<string, number>;
  hasBatches: boolean;
}

/** Characters of an example that are shown. */
const shownLength = 600;
/** Skills that are listed. */
const skillsShown = 20;

/** `README.md`. */
export function cardOf(facts: CardFacts): string {
  // As YAML 1.1 reads it, since the Hub's tools do: there a bare `no` is false, not Norwegian.
  // No aliases either: readers take what they name apart, and find it taken apart where it is named again.
  const front = stringify(frontMatter(facts), {
    version: '1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  return `---\n${front}---\n\n${bodyOf(facts)}\n`;
}

function frontMatter({ dataset, columns, rows, pairs, origins, licence }: CardFacts): object {
  const { recipe } = dataset;
  const language = languageCode(recipe);
  const configs = [
    { name: 'default', folder: 'data', columns, written: rows },
    ...(pairs ? [{ name: 'preference', folder: 'preference', columns: pairColumns, written: pairs }] : []),
  ].filter(({ written }) => written.train.rows + written.test.rows > 0);
  return {
    ...(language !== null && { language: [language] }),
    ...cardLicence(licence, origins),
    pretty_name: excerpt(dataset.runId, 100),
    size_categories: [sizeCategory(rows.train.rows + rows.test.rows)],
    task_categories: ['text-generation'],
    annotations_creators: ['machine-generated'],
    tags: [
      'synthetic',
      'seedmill',
      'instruction-tuning',
      ...citationsOf(recipe).map(({ tag }) => tag),
      ...(pairs ? ['dpo'] : []),
    ],
    configs: configs.map(({ name, folder, written }) => ({
      config_name: name,
      data_files: splitsOf(written).map((split) => ({ split, path: `${folder}/${split}-*.parquet` })),
      ...(name === 'default' && { default: true }),
    })),
    dataset_info: configs.map(({ name, columns, written }) => ({
      config_name: name,
      features: cardFeatures(columns),
      splits: splitsOf(written).map((split) => ({
        name: split,
        num_bytes: written[split].memoryBytes,
        num_examples: written[split].rows,
      })),
      download_size: written.train.bytes + written.test.bytes,
      dataset_size: written.train.memoryBytes + written.test.memoryBytes,
    })),
  };
}

function splitsOf(written: Record<Side, ParquetSplit>): Side[] {
  return (['train', 'test'] as const).filter((side) => written[side].rows > 0);
}

function sizeCategory(rows: number): string {
  const steps: [number, string][] = [
    [1e3, 'n<1K'],
    [1e4, '1K<n<10K'],
    [1e5, '10K<n<100K'],
    [1e6, '100K<n<1M'],
    [1e7, '1M<n<10M'],
  ];
  return steps.find(([below]) => rows < below)?.[1] ?? '10M<n<100M';
}

/** Two letters; null where nobody has said what language it is. */
export function languageCode(recipe: Pick<StoredRecipe, 'method' | 'generation'>): string | null {
  const { language } = recipe.generation;
  // English is what a recipe says that says nothing, which tells nothing of rows from elsewhere.
  if (startsFromData(recipe.method) && language === 'English') return null;
  const code = /^([a-z]{2,3})([-_][a-z0-9]{2,8})*$/i.exec(language.trim())?.[1];
  if (code !== undefined && languageName(code) !== code) return code.toLowerCase();
  return codeByName().get(language.trim().toLowerCase()) ?? null;
}

function codeByName(): Map<string, string> {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const codes = letters.flatMap((a) => letters.map((b) => `${a}${b}`));
  // Of two codes for one language the first is kept: the older `iw` comes behind `he`.
  const named = new Map<string, string>();
  for (const code of codes) {
    const name = languageName(code).toLowerCase();
    if (name !== code && !named.has(name)) named.set(name, code);
  }
  return named;
}

function bodyOf(facts: CardFacts): string {
  const { dataset } = facts;
  const { recipe, runId, manifest } = dataset;
  const rows = facts.rows.train.rows + facts.rows.test.rows;
  const citations = citationsOf(recipe);
  return [
    `# Dataset ${inert(runId)}`,
    `${count(rows)} examples for instruction tuning, made by seedmill ${inert(manifest.seedmill)}. ` +
      'All responses were written by language models: nobody has checked them, and they can be wrong, biased or harmful.',
    '## How it was made',
    table(['', ''], aboutRun(facts)),
    '## Models and prices',
    table(['teacher', 'model', 'input, $ per million tokens', 'output'], teacherRows(recipe)),
    '## Statistics',
    table(['', ''], statistics(facts, rows)),
    ...rejects(facts),
    ...flags(facts),
    '## Columns',
    table(
      ['column', 'what it is'],
      facts.columns.map(({ name, meaning }) => [`\`${name}\``, meaning]),
    ),
    ...(facts.pairs
      ? ['The configuration `preference` has pairs of a better and a worse response to one question.']
      : []),
    ...splitText(facts),
    ...(facts.hasBatches ? [orderText] : []),
    ...skillTable(facts),
    ...exampleText(dataset),
    '## Licence and sources',
    licenceText(facts),
    '## Methods',
    citations
      .map(({ title, arxiv }) => `- ${title}. [arXiv:${arxiv}](https://arxiv.org/abs/${arxiv})`)
      .join('\n'),
    '## How to make it again',
    'With seedmill, the recipe below (without addresses and paths) and the same seed tasks or rows. The same answers of the teachers ' +
      'give the same bytes; a teacher that is asked anew may answer otherwise.',
    fenced('npx seedmill run recipe.yaml\nnpx seedmill export RUN --format huggingface --out FOLDER', 'sh'),
    fenced(JSON.stringify(publicRecipe(recipe), null, 2), 'json'),
  ].join('\n\n');
}

function aboutRun({ dataset: { recipe, runId, manifest, result }, origins }: CardFacts): string[][] {
  return [
    ['method', inert(recipe.method)],
    ['recipe', inert(recipe.name)],
    ['run', inert(runId)],
    ['started', inert(manifest.startedAt)],
    ['ended', inert(`${result.state}: ${result.stopReason}`)],
    ['language', startsFromData(recipe.method) ? 'that of the rows' : inert(recipe.generation.language)],
    ...(recipe.generation.domain === undefined ? [] : [['domain', inert(recipe.generation.domain)]]),
    ...(origins.kind === 'none' ? [] : [[origins.kind, count(origins.count)]]),
    ['random seed', String(recipe.seed)],
  ];
}

function teacherRows(recipe: StoredRecipe): string[][] {
  return Object.entries(recipe.endpoints).map(([name, { model, price }]) => [
    inert(name),
    inert(model),
    price === null ? 'unknown' : String(price.inputUsdPerMTok),
    price === null ? 'unknown' : String(price.outputUsdPerMTok),
  ]);
}

function statistics({ dataset: { status }, rows: written, pairs, split }: CardFacts, rows: number) {
  const { calls, tokens, costUsd, unknownUsd } = status;
  const failed = sum(calls.failed);
  return [
    ['examples', count(rows)],
    ...(split
      ? [['for training, for testing', `${count(written.train.rows)}, ${count(written.test.rows)}`]]
      : []),
    ...(pairs ? [['preference pairs', count(pairs.train.rows + pairs.test.rows)]] : []),
    ...(status.candidates > 0
      ? [
          ['candidates', count(status.candidates)],
          ['accepted', count(status.accepted)],
          ['rejected', count(sum(status.rejected))],
        ]
      : []),
    [
      'calls',
      `${count(calls.planned)} planned, ${count(calls.answered)} answered, ${count(failed)} without a usable answer`,
    ],
    ['requests sent', count(calls.sent)],
    ['tokens', `${count(tokens.prompt)} in, ${count(tokens.completion)} out`],
    ['cost', costUsd === null ? 'unknown: no price is known' : `$${costUsd.toFixed(4)}`],
    ...(unknownUsd === null || unknownUsd === 0
      ? []
      : [['cost of requests without a known outcome', `at most $${unknownUsd.toFixed(4)}`]]),
    ['cost per example', costUsd === null ? 'unknown' : `$${(costUsd / rows).toFixed(6)}`],
  ];
}

/** What a scan has found in the dataset's rows, or has kept out of them. */
function flags({ dataset: { recipe, status } }: CardFacts): string[] {
  if (recipe.scan === undefined) return [];
  const kinds = (action: 'flag' | 'reject') =>
    Object.entries(recipe.scan ?? {}).flatMap(([kind, to]) => (to === action ? [kind] : []));
  const found = Object.entries(status.flagged).map(([kind, n]) => `${kind} ${count(n)}`);
  const [flagged, rejected] = [kinds('flag'), kinds('reject')];
  return [
    'Accepted candidates were scanned for personal data and secrets by rules, which find some and not all.' +
      (rejected.length > 0 ? ` Those with ${rejected.join(', ')} were rejected.` : '') +
      (flagged.length > 0
        ? ` Those with ${flagged.join(', ')} have the kinds in the column \`flags\`: ${found.length > 0 ? found.join(', ') : 'none was found'}, before any selection.`
        : ''),
  ];
}

function rejects({ dataset: { status } }: CardFacts): string[] {
  const reasons = Object.entries(status.rejected).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return [];
  const rows = reasons.map(([reason, n]) => [inert(reason), count(n)]);
  return ['Candidates that were rejected, by reason:', table(['reason', 'candidates'], rows)];
}

function splitText({ split, rows }: CardFacts): string[] {
  if (split === null) return [];
  const by = { random: 'at random', skill: 'by skill', seed: 'by seed task' }[split.kind];
  return [
    '## Split',
    `${count(rows.test.rows)} rows are for testing, drawn ${by}. No instruction of one split has a ROUGE-L above ${split.threshold} to one ` +
      `of the other; ${count(split.movedBack)} rows that were drawn went back for that, ${count(split.leftOut)} were left out.`,
  ];
}

const orderText =
  '## Order\n\nThe rows lie in the batches that they were composed into, and `round` and `batch` name them: diversity is kept inside a ' +
  'batch. Train on them in this order, without shuffling, and with a batch size that divides theirs.';

function skillTable({ skills }: CardFacts): string[] {
  if (skills.size === 0) return [];
  const most = [...skills].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, skillsShown);
  return [
    '## Skills',
    `${count(skills.size)} skills; the most frequent ones:`,
    table(
      ['skill', 'examples'],
      most.map(([skill, n]) => [inert(excerpt(skill, 100)), count(n)]),
    ),
  ];
}

function exampleText(dataset: RunDataset): string[] {
  for (const { messages } of dataset.rows()) {
    const shown = messages.map(({ role, content }) => {
      const start = content.slice(0, shownLength).replace(/\p{Surrogate}$/u, '');
      return `[${role}]\n${start}${start.length < content.length ? ' …' : ''}`;
    });
    return ['## The first example', fenced(shown.join('\n\n'), 'text')];
  }
  return [];
}

function licenceText({ dataset: { recipe }, origins, licence }: CardFacts): string {
  const { kind, withoutLicence, licences, sources } = origins;
  const said = [
    licence === null ? '' : `Whoever exported this dataset gave its licence as ${inert(licence)}.`,
    kind === 'none' ? 'It was made without seed tasks.' : '',
    recipe.skillmix?.skills.from === 'dataset'
      ? 'Its skills come from rows of another dataset, whose licence is not recorded.'
      : '',
    licences.length === 0 ? '' : `Licences that the ${kind} state: ${licences.map(inert).join(', ')}.`,
    withoutLicence === 0
      ? ''
      : `${count(withoutLicence)} of the ${kind} state no licence${licence === null ? ': the licence of the dataset is unknown' : ''}.`,
    sources.length === 0 ? '' : `Their sources: ${sources.map(inert).join(', ')}.`,
    'The terms of the teachers’ providers may restrict what their output is used for.',
  ];
  return said.filter((text) => text !== '').join(' ');
}

/** The recipe without addresses and paths of the machine that ran it, which are nobody's business. */
export function publicRecipe(recipe: StoredRecipe): unknown {
  const { endpoints: _endpoints, seeds: _seeds, data: _data, score, ...rest } = recipe;
  const { complexity: _complexity, quality: _quality, ...scoring } = score ?? {};
  const hidden = new Set(['baseUrl', 'gguf', 'apiKeyEnv', 'file']);
  return JSON.parse(
    JSON.stringify({ ...rest, ...(score && { score: scoring }) }, (key, value) =>
      hidden.has(key) ? undefined : value,
    ),
  );
}

function sum(tally: Record<string, number | undefined>): number {
  return Object.values(tally).reduce<number>((total, n) => total + (n ?? 0), 0);
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
