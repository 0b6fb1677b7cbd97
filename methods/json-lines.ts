/** Splits a file of JSON rows into its rows with their line numbers: JSON Lines, or one JSON array. */
import { excerpt } from './text.js';

export interface JsonRow {
  /** Line where the row begins, from 1. */
  line: number;
  text: string;
}

/**
 * The rows of a text. It is an array when its first character is `[`; then a row is what stands between two commas of the
 * outermost level, whole or not. Otherwise each line that is not blank is a row.
 */
export function jsonRows(text: string): JsonRow[] {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (body.trimStart().startsWith('[')) return arrayRows(body);
  return body
    .split(/\r\n|\n|\r/)
    .map((row, i) => ({ line: i + 1, text: row.trim() }))
    .filter((row) => row.text !== '');
}

/** The row's object, or what is wrong with the row in words. */
export function objectOfRow({ text }: JsonRow): Record<string, unknown> | string {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return text === '' ? 'the JSON array is not closed' : `is not JSON: ${excerpt(text, 60)}`;
  }
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
    ? (raw as Record<string, unknown>)
    : `is not a JSON object: ${excerpt(text, 60)}`;
}

function arrayRows(body: string): JsonRow[] {
  const rows: JsonRow[] = [];
  const open = body.indexOf('[');
  let line = countLines(body.slice(0, open)) + 1;
  let depth = 0;
  let inString = false;
  let start = -1;
  let startLine = line;
  const close = (end: number) => {
    if (start >= 0) rows.push({ line: startLine, text: body.slice(start, end).trim() });
    start = -1;
  };
  let i = open + 1;
  for (; i < body.length && depth >= 0; i++) {
    const character = body[i] as string;
    if (character === '\n') line += 1;
    if (inString) {
      if (character === '\\') i += 1;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === ',' && depth === 0) {
      close(i);
      continue;
    }
    if (character === ']' || character === '}') depth -= 1;
    if (depth < 0) break;
    if (character === '"') inString = true;
    if (character === '[' || character === '{') depth += 1;
    if (start < 0 && !/\s/.test(character)) {
      start = i;
      startLine = line;
    }
  }
  close(i);
  if (i >= body.length) rows.push({ line, text: '' });
  const rest = body.slice(i + 1);
  if (rest.trim() !== '') {
    rows.push({ line: line + countLines(rest.slice(0, rest.search(/\S/))), text: rest.trim() });
  }
  return rows;
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
