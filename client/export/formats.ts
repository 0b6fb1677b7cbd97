/** How a row of a dataset is put in each of the formats that trainers read. */
import { authorsRow } from '../../activities/skillmix/export-mix.js';
import type { PreferencePair } from '../../methods/deita/preference-pairs.js';
import type { RowFormat } from '../read-rows.js';
import type { TextFormatName } from './names.js';
import type { ExportRow, Message } from './run-dataset.js';

/** What all rows of a dataset have in common: every row of a file has the same keys. */
export interface DatasetShape {
  /** Rows lie in the batches that they were composed into (SeDi). */
  hasBatches: boolean;
  /** Some row has more than one turn. */
  isMultiTurn: boolean;
  /** A scan for personal data flags what it finds. */
  hasFlags: boolean;
  /** Instruct-SkillMix. */
  hasSkills: boolean;
  /** DEITA. */
  hasScores: boolean;
  isEvolved: boolean;
  hasCalls: boolean;
  hasSeeds: boolean;
  /** A person had a word on some row. */
  isReviewed: boolean;
  /** Some given row states its source or licence. */
  hasOrigins: boolean;
}

export interface TextFormat {
  file: RowFormat;
  row(row: ExportRow, shape: DatasetShape): object;
  /** Pairs of a better and a worse response, where the format has a form for them. */
  pair?(pair: PreferencePair): object;
}

const shareGptNames: Record<string, string> = { user: 'human', assistant: 'gpt', system: 'system' };

export const formats: Record<TextFormatName, TextFormat> = {
  /** OpenAI's fine-tuning format. */
  messages: {
    file: 'jsonl',
    row: (row, shape) => ({ messages: row.messages, ...placeOf(row, shape) }),
  },
  /** Alpaca's keys; earlier turns under `history`, as LLaMA-Factory reads them. */
  alpaca: {
    file: 'array',
    row: (row, shape) => {
      const { instruction, input, output, history } = row;
      return { instruction, input, output, ...(shape.isMultiTurn && { history }), ...placeOf(row, shape) };
    },
  },
  sharegpt: {
    file: 'array',
    row: (row, shape) => ({
      conversations: row.messages.map(({ role, content }) => ({
        from: shareGptNames[role] ?? role,
        value: content,
      })),
      ...placeOf(row, shape),
    }),
  },
  chatml: {
    file: 'jsonl',
    row: (row, shape) => ({ text: chatMl(row.messages), ...placeOf(row, shape) }),
  },
  /** TRL's conversational form: the loss is on the completion alone. */
  trl: {
    file: 'jsonl',
    row: (row, shape) => ({
      prompt: row.messages.slice(0, -1),
      completion: row.messages.slice(-1),
      ...placeOf(row, shape),
    }),
    pair: ({ prompt, chosen, rejected, margin }) => ({
      prompt: [{ role: 'user', content: prompt }],
      chosen: [{ role: 'assistant', content: chosen }],
      rejected: [{ role: 'assistant', content: rejected }],
      margin,
    }),
  },
  /** Messages, which `dataset_info.json` describes; of pairs its form `ranking`. */
  'llama-factory': {
    file: 'jsonl',
    row: (row, shape) => ({ messages: row.messages, ...placeOf(row, shape) }),
    pair: ({ prompt, chosen, rejected }) => ({ prompt, chosen, rejected }),
  },
  /** Instruct-SkillMix as its authors' scripts read it. */
  skillmix: {
    file: 'array',
    row: ({ instruction, input, output, lineage: { mix, calls = [] } }) =>
      authorsRow({ instruction, input, output, calls, ...(mix && { mix }) }),
  },
};

function placeOf({ round, batch }: ExportRow, { hasBatches }: DatasetShape): object {
  return hasBatches ? { round, batch } : {};
}

const mark = /<\|(im_start|im_end|endoftext)\|>/g;

/** Messages between ChatML's marks. A mark that stands in a text would end its turn: it gets a space on each side. */
export function chatMl(messages: readonly Message[]): string {
  return messages
    .map(({ role, content }) => `<|im_start|>${role}\n${content.replaceAll(mark, '<| $1 |>')}<|im_end|>\n`)
    .join('');
}

/** LLaMA-Factory's description of the files beside it. */
export function datasetInfo(
  name: string,
  files: { rows: readonly string[]; pairs: readonly string[] },
): Record<string, object> {
  const ofRows = {
    formatting: 'sharegpt',
    columns: { messages: 'messages' },
    tags: {
      role_tag: 'role',
      content_tag: 'content',
      user_tag: 'user',
      assistant_tag: 'assistant',
      system_tag: 'system',
    },
  };
  const ofPairs = {
    ranking: true,
    formatting: 'alpaca',
    columns: { prompt: 'prompt', chosen: 'chosen', rejected: 'rejected' },
  };
  const entries = (list: readonly string[], described: object) =>
    list.map((file) => [entryName(name, file), { file_name: file, ...described }] as const);
  return Object.fromEntries([...entries(files.rows, ofRows), ...entries(files.pairs, ofPairs)]);
}

/** `quickstart_train`, `quickstart_preference_train`. */
function entryName(name: string, file: string): string {
  return `${name}_${file.replace(/\.[^.]*$/, '')}`.replaceAll(/[^a-z0-9]+/gi, '_').toLowerCase();
}
