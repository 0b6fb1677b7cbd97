/** Files that a recipe names besides its seeds: lists, a dataset to sample, benchmarks. Read and checked before a run begins. */
import path from 'node:path';
import type { Recipe } from '../activities/recipe.js';
import { maxOrigins } from '../activities/recipe-deita.js';
import type { BenchmarkPrompt, QueryTypeRow, SkillRow, SourceRow } from '../activities/rows.js';
import { givenSkill } from '../activities/skillmix/skill-lists.js';
import { firstTurn } from '../methods/conversation-row.js';
import { seededRandom } from '../methods/random.js';
import { shownPart } from '../methods/skillmix/prompts.js';
import { type ListProblem, parseQueryTypes, parseSkillList } from '../methods/skillmix/skill-lists.js';
import { cleanText } from '../methods/text.js';
import { UserError } from '../store/errors.js';
import { noTurn, readGivenRows } from './given-rows.js';
import { type FileRow, formatOf, parseRow, placeOf, readRows } from './read-rows.js';
import { readText } from './read-text.js';
import type { GivenRows } from './run-identity.js';
import { readScorer, scorerFiles } from './scorer-folder.js';

/** Problems of one file that are shown. */
const problemsShown = 5;
const rowsAtOnce = 1_000;
/** Keys that hold a prompt in the benchmarks that people use. */
const promptKeys = ['instruction', 'prompt', 'question', 'turns', 'problem'];

export interface GivenFiles {
  rows: GivenRows;
  /** What was left out of them, in words. */
  notes: string[];
}

/**
 * Reads every file that the recipe names, relative to `folder`.
 * @throws UserError naming file and line of what is wrong.
 */
export async function readGivenFiles(recipe: Recipe, folder: string): Promise<GivenFiles> {
  const { skillmix, decontaminate, data, score, select, seed } = recipe;
  const beside = (file: string) => shorten(path.resolve(folder, file));
  const given: GivenFiles = { rows: {}, notes: [] };
  if (skillmix?.skills.from === 'file') {
    await addSkills(given, { file: beside(skillmix.skills.file), k: skillmix.k });
  }
  if (skillmix?.skills.from === 'dataset') {
    const { file, rows } = skillmix.skills;
    await addSourceRows(given, { file: beside(file), rows, seed });
  }
  if (skillmix?.queryTypes.from === 'file') await addQueryTypes(given, beside(skillmix.queryTypes.file));
  if (decontaminate) {
    given.rows.benchmark = await readBenchmark({ ...decontaminate, file: beside(decontaminate.file) });
  }
  if (data !== undefined) {
    await addData(given, { file: beside(data), size: select?.size ?? null });
    if (recipe.method === 'evolve') checkOrigins(given, beside(data));
  }
  for (const aspect of ['complexity', 'quality'] as const) {
    const scorer = score?.[aspect];
    if (scorer === undefined) continue;
    given.rows.scorers = { ...given.rows.scorers, [aspect]: await readScorer(beside(scorer)) };
  }
  return given;
}

/** The files that a recipe names besides its seeds, beside itself. */
export function givenFilesOf(recipe: Recipe, recipePath: string): string[] {
  const { skillmix, decontaminate, data, score } = recipe;
  const files = [skillmix?.skills, skillmix?.queryTypes, decontaminate].flatMap((one) =>
    one !== undefined && 'file' in one ? [one.file] : [],
  );
  const scorers = [score?.complexity, score?.quality].flatMap((folder) =>
    folder === undefined ? [] : Object.values(scorerFiles).map((name) => path.join(folder, name)),
  );
  return [...files, ...(data === undefined ? [] : [data]), ...scorers].map((file) =>
    path.resolve(path.dirname(recipePath), file),
  );
}

/** Relative to where the command runs, as a person would type it. */
export function shorten(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

async function addSkills(given: GivenFiles, { file, k }: { file: string; k: number }): Promise<void> {
  const { skills, duplicates, problems } = parseSkillList(await readText(file));
  refuse(file, problems);
  if (skills.length < k) {
    throw new UserError(
      `${file}: only ${skills.length} different ${skills.length === 1 ? 'skill' : 'skills'}, but every example needs ${k} (skillmix.k): add some, or lower it`,
    );
  }
  if (duplicates > 0)
    given.notes.push(`${file}: duplicates left out: ${duplicates}; skills that stay: ${skills.length}`);
  given.rows.skills = skills.map(givenSkill) satisfies SkillRow[];
}

async function addQueryTypes(given: GivenFiles, file: string): Promise<void> {
  const { queryTypes, duplicates, problems } = parseQueryTypes(await readText(file));
  refuse(file, problems);
  if (queryTypes.length === 0) throw new UserError(`${file}: holds no query type`);
  if (duplicates > 0) {
    given.notes.push(
      `${file}: duplicates left out: ${duplicates}; query types that stay: ${queryTypes.length}`,
    );
  }
  given.rows['query-types'] = queryTypes satisfies QueryTypeRow[];
}

function refuse(file: string, problems: readonly ListProblem[]): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, problemsShown).map(({ line, problem }) => `${file}:${line}: ${problem}`);
  const more = problems.length - shown.length;
  throw new UserError([...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'));
}

/** So many rows, each equally likely, in their order (reservoir sampling: one pass whatever the file's size). */
async function addSourceRows(
  given: GivenFiles,
  options: { file: string; rows: number; seed: number },
): Promise<void> {
  const { file, rows, seed } = options;
  const random = seededRandom(seed, 'source rows');
  const sample: FileRow[] = [];
  let seen = 0;
  for await (const block of readRows({ file, format: await formatOf(file), blockSize: rowsAtOnce })) {
    for (const row of block) {
      seen += 1;
      if (sample.length < rows) {
        sample.push(row);
        continue;
      }
      const place = random.int(seen);
      if (place < rows) sample[place] = row;
    }
  }
  if (seen === 0) throw new UserError(`${file}: holds no row; skills cannot be named for an empty dataset`);
  const drawn = sample.sort((a, b) => a.row - b.row);
  const read = drawn.map((row) => sourceRow(file, row));
  const missing = drawn.find((_, n) => read[n] === null);
  const sourceRows = read.filter((row) => row !== null);
  // Published datasets have some rows without an answer.
  if (missing !== undefined) {
    if (sourceRows.length === 0) throw new UserError(`${placeOf(file, missing)}: has ${noTurn}`);
    const count = drawn.length - sourceRows.length;
    given.notes.push(
      `${file}: ${count} of the ${drawn.length} rows drawn have ${noTurn} and are left out; the first is row ${missing.row}, line ${missing.line}`,
    );
  }
  given.rows['source-rows'] = sourceRows satisfies SourceRow[];
}

function sourceRow(file: string, row: FileRow): SourceRow | null {
  const turn = firstTurn(parseRow(file, row));
  if (turn === null) return null;
  const { instruction, response } = turn;
  return { row: row.row, instruction: shownPart(instruction), response: shownPart(response) };
}

async function addData(given: GivenFiles, options: { file: string; size: number | null }): Promise<void> {
  const { file, size } = options;
  const { rows, notes } = await readGivenRows(file);
  given.notes.push(...notes);
  if (size !== null && size > rows.length) {
    given.notes.push(
      `${file}: has ${rows.length} rows, and select.size asks for ${size}: there can be no more`,
    );
  }
  given.rows.data = rows;
}

function checkOrigins({ rows }: GivenFiles, file: string): void {
  const { length } = rows.data ?? [];
  if (length > maxOrigins) {
    throw new UserError(
      `${file}: has ${length} rows, and one run evolves ${maxOrigins} at most: cut the file and evolve its parts`,
    );
  }
}

async function readBenchmark(options: {
  file: string;
  field?: string | undefined;
}): Promise<BenchmarkPrompt[]> {
  const { file, field } = options;
  const prompts: BenchmarkPrompt[] = [];
  for await (const block of readRows({ file, format: await formatOf(file), blockSize: rowsAtOnce })) {
    for (const row of block) {
      const value = parseRow(file, row);
      const keys = field === undefined ? promptKeys : [field];
      const key = keys.find((name) => promptIn(value[name]) !== null);
      if (key === undefined) {
        throw new UserError(
          `${placeOf(file, row)}: has no prompt under ${keys.join(', ')}: see decontaminate.field`,
        );
      }
      const text = cleanText(promptIn(value[key]) ?? '').trim();
      if (text !== '') prompts.push({ id: `${path.basename(file)}:${row.row}`, text });
    }
  }
  if (prompts.length === 0) throw new UserError(`${file}: holds no prompt; nothing could be kept out`);
  return prompts;
}

/** A text, or the first of a list of them (MT-Bench's `turns`). */
function promptIn(value: unknown): string | null {
  const first = Array.isArray(value) ? (value as unknown[])[0] : value;
  return typeof first === 'string' ? first : null;
}
