/**
 * Reads seed tasks: Self-Instruct's rows and Alpaca's rows, as JSON Lines or as one JSON array. One row of each:
 *
 *     {"id": "tides", "instruction": "Explain tides.", "instances": [{"input": "", "output": "The moon …"}], "is_classification": false}
 *     {"instruction": "Sort the words.", "input": "pear, fig", "output": "fig, pear"}
 */
import { z } from 'zod';
import type { Seed } from '../activities/types.js';
import { contentHash } from './identity.js';
import { type JsonRow, jsonRows, objectOfRow } from './json-lines.js';
import { cleanText, excerpt, kindOf } from './text.js';

export interface SeedProblem {
  /** Line in the file, from 1. */
  line: number;
  /** What is wrong, for example `instruction is empty`. */
  problem: string;
}

export interface ParsedSeeds {
  seeds: Seed[];
  /** In line order. A file with any problem is to be refused. */
  problems: SeedProblem[];
}

const clean = z.string().transform((text) => cleanText(text).trim());
const filled = clean.refine((text) => text !== '', 'is empty');
const common = {
  id: filled.optional(),
  instruction: filled,
  is_classification: z.boolean().optional(),
  source: z.string().optional(),
  licence: z.string().optional(),
  license: z.string().optional(),
};
const instance = z.object({ input: clean.nullish(), output: filled });
const selfInstructRow = z.object({ ...common, instances: z.array(instance).min(1, 'is an empty list') });
const alpacaRow = z.object({ ...common, input: clean.nullish(), output: filled });

/** Parses the decoded text of a seed file. Never throws; a text without rows is a problem of line 1. */
export function parseSeeds(text: string): ParsedSeeds {
  const seeds: Seed[] = [];
  const problems: SeedProblem[] = [];
  const firstLines = { id: new Map<string, number>(), task: new Map<string, number>() };
  for (const row of jsonRows(text)) {
    const read = readRow(row);
    if (typeof read === 'string') {
      problems.push({ line: row.line, problem: read });
      continue;
    }
    const task = JSON.stringify([read.instruction, read.instances]);
    const twin = firstLines.task.get(task);
    const namesake = firstLines.id.get(read.id);
    if (twin !== undefined) problems.push({ line: row.line, problem: `is the same task as line ${twin}` });
    else if (namesake !== undefined) {
      problems.push({ line: row.line, problem: `has the id "${excerpt(read.id, 40)}" of line ${namesake}` });
    } else {
      firstLines.task.set(task, row.line);
      firstLines.id.set(read.id, row.line);
      seeds.push(read);
    }
  }
  if (seeds.length === 0 && problems.length === 0) problems.push({ line: 1, problem: 'holds no seed task' });
  return { seeds, problems };
}

/** The refusal of a file: up to 5 problems as `file:line: what`, and how many more there are. */
export function describeProblems(input: { file: string; problems: readonly SeedProblem[] }): string {
  const listed = input.problems.slice(0, 5).map(({ line, problem }) => `${input.file}:${line}: ${problem}`);
  const more = input.problems.length - listed.length;
  return [...listed, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
}

/** The seed, or what is wrong with the row. */
function readRow(jsonRow: JsonRow): Seed | string {
  const raw = objectOfRow(jsonRow);
  if (typeof raw === 'string') return raw;
  const isSelfInstruct = 'instances' in raw;
  if (!isSelfInstruct && !('output' in raw)) return 'has neither "instances" nor "output"';
  const parsed = isSelfInstruct ? selfInstructRow.safeParse(raw) : alpacaRow.safeParse(raw);
  if (!parsed.success) return describeIssue(parsed.error, raw);

  const row = parsed.data;
  const instances = ('instances' in row ? row.instances : [row]).map(({ input, output }) => ({
    input: input ?? '',
    output,
  }));
  const first = instances[0] as { input: string; output: string };
  const id = row.id ?? `seed-${contentHash({ instruction: row.instruction, ...first }).slice(0, 16)}`;
  const licence = row.licence ?? row.license;
  return {
    id,
    origin: 'human',
    instruction: row.instruction,
    instances,
    isClassification: row.is_classification ?? null,
    ancestors: [id],
    round: 0,
    score: null,
    ...(row.source === undefined ? {} : { source: row.source }),
    ...(licence === undefined ? {} : { licence }),
  };
}

/** The first thing wrong, by its key: `instances[1].output is empty`, `instruction is missing`. */
function describeIssue(error: z.ZodError, raw: object): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'is not a seed task';
  const key = issue.path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
  if (issue.code !== 'invalid_type') return `${key} ${issue.message}`;
  const value = issue.path.reduce<unknown>(
    (at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part],
    raw,
  );
  return value === undefined
    ? `${key} is missing`
    : `${key} must be ${issue.expected === 'array' ? 'a list' : `a ${issue.expected}`}, not ${kindOf(value)}`;
}
