/**
 * Reads lists of skills and of query types that people give: plain text, JSON Lines, and what Instruct-SkillMix's authors
 * use and publish (arXiv 2408.14774; their `skills.txt`, `queries.txt` and data sets).
 */
import { type JsonRow, jsonRows, objectOfRow } from '../json-lines.js';
import { cleanText, kindOf, oneLine } from '../text.js';

/** A kind of request, for example `Error Detection`. A recipe's list may give names alone: then the definition is ''. */
export interface QueryType {
  name: string;
  definition: string;
}

export interface ListProblem {
  /** Line in the file, from 1. */
  line: number;
  /** What is wrong, for example `names no skill`. */
  problem: string;
}

export interface ParsedSkills {
  /** In snake_case, different from one another, in the order of their first appearance. */
  skills: string[];
  /** Entries that were the same as an earlier one. */
  duplicates: number;
  /** In line order. A file with any problem is to be refused. */
  problems: ListProblem[];
}

export interface ParsedQueryTypes {
  /** Names differ, without regard to case and punctuation; in the order of their first appearance. */
  queryTypes: QueryType[];
  duplicates: number;
  problems: ListProblem[];
}

/** Longer names are sentences; the authors' longest has 51. */
const MOST_CHARACTERS = 80;
/** Every prompt shows one whole; the authors' longest has some 600. */
const MOST_DEFINITION_CHARACTERS = 4_000;

/**
 * The skill's name in snake_case, of any script: `Data Analysis & ETL` becomes `data_analysis_etl`. Letters and digits stay
 * with the marks they carry, everything else separates. null when nothing is left, or more than 80 characters.
 */
export function normaliseSkill(name: string): string | null {
  const normalised = snakeCase(name);
  return normalised === '' || [...normalised].length > MOST_CHARACTERS ? null : normalised;
}

function snakeCase(name: string): string {
  const words = cleanText(name)
    .toLowerCase()
    .normalize('NFC')
    .match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu);
  return (words ?? []).join('_');
}

/**
 * The skills of a file's decoded text. Never throws; a text without entries is a problem of line 1. One of
 *
 *     Data analysis                                  one a line, bullets and numbers before it are left out
 *     {"skill": "data_analysis", …}                  JSON Lines
 *     [{"skills_joined_str": "skill_a, skill_b", …}] the authors' published data; as JSON Lines too
 */
export function parseSkillList(text: string): ParsedSkills {
  const skills = new Set<string>();
  const problems: ListProblem[] = [];
  let duplicates = 0;
  const add = (line: number, name: string) => {
    const skill = normaliseSkill(name);
    if (skill === null) problems.push({ line, problem: problemOfName(name, 'skill') });
    else if (skills.has(skill)) duplicates += 1;
    else skills.add(skill);
  };
  if (isJson(text)) {
    for (const row of jsonRows(text)) {
      const names = namesOfRow(row);
      if (typeof names === 'string') problems.push({ line: row.line, problem: names });
      else for (const name of names) add(row.line, name);
    }
  } else {
    for (const { line, text: entry } of filledLines(text)) add(line, withoutBullet(entry));
  }
  if (skills.size === 0 && problems.length === 0) problems.push({ line: 1, problem: 'holds no skill' });
  return { skills: [...skills], duplicates, problems };
}

function namesOfRow(row: JsonRow): string[] | string {
  const raw = objectOfRow(row);
  if (typeof raw === 'string') return raw;
  const key = ['skill', 'skills_joined_str'].find((one) => one in raw);
  if (key === undefined) return 'has neither "skill" nor "skills_joined_str"';
  const value = raw[key];
  if (typeof value !== 'string') return `"${key}" is ${kindOf(value)}, not a text`;
  return key === 'skill' ? [value] : value.split(',');
}

/**
 * The query types of a file's decoded text. Never throws; a text without entries is a problem of line 1. One of
 *
 *     ### 1. **Planning**                            the authors' Markdown: the definition is the text up to the
 *     Queries that ask for a plan. Examples: …       next heading
 *
 *     Planning: Queries that ask for a plan.         one a line; the definition may be missing
 *     {"name": "Planning", "definition": "…"}        JSON Lines
 *     [{"query_type": "Planning", …}]                the authors' published data (`query_str` in what their code writes)
 */
export function parseQueryTypes(text: string): ParsedQueryTypes {
  const found = new Map<string, QueryType>();
  const problems: ListProblem[] = [];
  let duplicates = 0;
  for (const { line, entry } of queryTypesIn(text)) {
    if (typeof entry === 'string') {
      problems.push({ line, problem: entry });
      continue;
    }
    const name = oneLine(entry.name);
    const key = snakeCase(name);
    const queryType = { name, definition: cleanText(entry.definition).trim() };
    const problem = problemOfQueryType(queryType);
    if (problem !== null) problems.push({ line, problem });
    else if (found.has(key)) duplicates += 1;
    else found.set(key, queryType);
  }
  if (found.size === 0 && problems.length === 0) problems.push({ line: 1, problem: 'holds no query type' });
  return { queryTypes: [...found.values()], duplicates, problems };
}

/** Why a list cannot have this query type, in words; null: it can. */
export function problemOfQueryType({ name, definition }: QueryType): string | null {
  if (snakeCase(name) === '' || [...name].length > MOST_CHARACTERS) return problemOfName(name, 'query type');
  if (definition.length <= MOST_DEFINITION_CHARACTERS) return null;
  return `its definition is longer than ${MOST_DEFINITION_CHARACTERS} characters`;
}

/** An entry, or what is wrong with the line. */
interface Entry {
  line: number;
  entry: QueryType | string;
}

const HEADING = /^ {0,3}###(?!#)\s*/;

function queryTypesIn(text: string): Entry[] {
  if (isJson(text)) return jsonRows(text).map((row) => ({ line: row.line, entry: queryTypeOfRow(row) }));
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.some((line) => HEADING.test(line))) return sections(lines);
  return filledLines(text).map(({ line, text: entry }) => ({
    line,
    entry: nameAndDefinition(withoutBullet(entry)),
  }));
}

function queryTypeOfRow(row: JsonRow): QueryType | string {
  const raw = objectOfRow(row);
  if (typeof raw === 'string') return raw;
  const key = ['name', 'query_type', 'query_str'].find((one) => one in raw);
  if (key === undefined) return 'has none of "name", "query_type" and "query_str"';
  const name = raw[key];
  if (typeof name !== 'string') return `"${key}" is ${kindOf(name)}, not a text`;
  const definition = key === 'name' ? (raw.definition ?? '') : '';
  if (typeof definition !== 'string') return `"definition" is ${kindOf(definition)}, not a text`;
  return { name, definition };
}

function sections(lines: readonly string[]): Entry[] {
  const entries: { line: number; entry: QueryType | string }[] = [];
  let current: { name: string; definition: string[] } | null = null;
  const close = (line: number) => {
    if (current) entries.push({ line, entry: { ...current, definition: current.definition.join('\n') } });
  };
  let opened = 0;
  for (const [i, line] of lines.entries()) {
    const heading = HEADING.exec(line);
    if (heading) {
      close(opened);
      opened = i + 1;
      current = {
        name: nameAndDefinition(withoutBullet(line.slice(heading[0].length))).name,
        definition: [],
      };
    } else if (current) current.definition.push(line);
    // The title of the whole list, with fewer #, is no entry.
    else if (!/^\ufeff?\s*(?:#|$)/.test(line)) {
      entries.push({ line: i + 1, entry: 'stands before the first ### heading' });
    }
  }
  close(opened);
  return entries;
}

/** `**Planning**: Queries that …`, `Planning: …` or the name alone. */
function nameAndDefinition(entry: string): QueryType {
  const colon = entry.search(/[:：]/);
  const [name, definition] = colon < 0 ? [entry, ''] : [entry.slice(0, colon), entry.slice(colon + 1)];
  const unmarked = (part: string) => part.replace(/^[\s*]+/, '').replace(/\*{1,3}\s*$/, '');
  return { name: unmarked(name), definition: colon < 0 ? definition : unmarked(definition) };
}

function problemOfName(name: string, what: string): string {
  return snakeCase(name) === '' ? `names no ${what}` : `is longer than ${MOST_CHARACTERS} characters`;
}

/** Whether its first character opens a JSON value; a plain list begins with a name. */
function isJson(text: string): boolean {
  return /^\ufeff?\s*[[{]/.test(text);
}

function filledLines(text: string): { line: number; text: string }[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .map((line, i) => ({ line: i + 1, text: line.trim() }))
    .filter((line) => line.text !== '');
}

/** `- name`, `* name`, `1. name` and `1) name` without what makes them items of a list. */
function withoutBullet(entry: string): string {
  return entry.replace(/^(?:[-*•]|\d{1,4}[.)])\s+/, '');
}
