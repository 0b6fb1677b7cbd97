/** What a query gives, for a terminal, for programs and for spreadsheets. */
import type { DuckDBType, DuckDBValue, DuckDBValueConverter } from '@duckdb/node-api';
import { cleanText, oneLine } from '../../methods/text.js';
import { jsonLine } from '../terminal.js';
import type { QueryRows } from './run-query.js';

/** Rows that a table shows. */
export const mostShown = 1_000;

/** Widest cell of a table in characters, where nothing else limits it. */
const widestCell = 200;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type Print = (text: string) => Promise<void>;

/** One object: the run's id, columns with their types, rows. Whole numbers beyond 2^53 are texts. */
export async function printJson(
  rows: QueryRows,
  { runId, print }: { runId: string; print: Print },
): Promise<number> {
  const { columns } = rows;
  const head = columns.map(({ name, type }) => ({ name, type }));
  await print(`{"run":${jsonLine(runId)},"columns":${jsonLine(head)},"rows":[`);
  let count = 0;
  for await (const some of jsonRows(rows)) {
    const texts = some.map((row) =>
      jsonLine(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))),
    );
    if (texts.length === 0) continue;
    await print(`${count > 0 ? ',' : ''}${texts.join(',')}`);
    count += texts.length;
  }
  await print(']}\n');
  return count;
}

/** RFC 4180, with a line of names; nothing stands for null, and lists and structs are JSON. */
export async function printCsv(rows: QueryRows, { print }: { print: Print }): Promise<number> {
  const line = (cells: string[]) => `${cells.map(csvCell).join(',')}\r\n`;
  await print(line(rows.columns.map(({ name }) => name)));
  let count = 0;
  for await (const some of jsonRows(rows)) {
    if (some.length > 0) await print(some.map((row) => line(row.map(textOf))).join(''));
    count += some.length;
  }
  return count;
}

/** On one line, without the heaps of accents that reach into the lines above and below. */
function cellOf(text: string): string {
  return oneLine(text).replaceAll(/(\p{Mn}{4})\p{Mn}+/gu, '$1');
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Aligned columns, each row on one line that is no longer than `width`; the first rows of many. */
export async function printTable(
  rows: QueryRows,
  { width, print }: { width: number | null; print: Print },
): Promise<{ shown: number; isMore: boolean }> {
  const { columns } = rows;
  const shown: string[][] = [];
  let isMore = false;
  for await (const some of jsonRows(rows)) {
    for (const row of some) {
      if (shown.length === mostShown) isMore = true;
      else shown.push(row.map((value) => (value === null ? 'NULL' : cellOf(textOf(value)))));
    }
    if (isMore) break;
  }
  const names = columns.map(({ name }) => oneLine(name));
  const widths = fitted(
    names.map((name, index) => Math.max(...[name, ...shown.map((row) => row[index] ?? '')].map(widthOf))),
    width,
  );
  const isNumber = columns.map(({ type }) =>
    /^(U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL)/.test(type),
  );
  const line = (cells: readonly string[]) => {
    const padded = cells.slice(0, widths.length).map((cell, index) => {
      const cut = cutTo(cell, widths[index] as number);
      const space = ' '.repeat((widths[index] as number) - widthOf(cut));
      return isNumber[index] ? space + cut : cut + space;
    });
    return `${padded.join('  ').trimEnd()}\n`;
  };
  await print(line(names) + line(widths.map((one) => '─'.repeat(one))) + shown.map(line).join(''));
  return { shown: shown.length, isMore };
}

/** The widest columns give way until all fit; what does not fit at 4 characters each is left out. */
function fitted(widths: number[], width: number | null): number[] {
  const fit = widths.map((one) => Math.min(one, widestCell));
  if (width === null) return fit;
  const total = () => fit.reduce((sum, one) => sum + one, 0) + 2 * (fit.length - 1);
  while (total() > width) {
    const widest = Math.max(...fit);
    const second = Math.max(4, ...fit.filter((one) => one < widest));
    if (widest <= 4) {
      fit.pop();
      continue;
    }
    const many = fit.filter((one) => one === widest).length;
    const less = Math.min(widest - second, Math.ceil((total() - width) / many));
    for (const [index, one] of fit.entries()) if (one === widest) fit[index] = one - Math.max(1, less);
  }
  return fit;
}

/** Cells of a terminal that a text takes: East Asian characters and emoji take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const none = /\p{Mn}|\p{Me}|\p{Cf}/u;

function charWidth(char: string): number {
  if (char >= ' ' && char <= '~') return 1;
  if (none.test(char)) return 0;
  return wide.test(char) ? 2 : 1;
}

function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [cut, used] = ['', 0];
  for (const char of text) {
    if (used + charWidth(char) > width - 1) break;
    cut += char;
    used += charWidth(char);
  }
  return `${cut}…`;
}

/** A value as a cell. */
function textOf(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function* jsonRows({ columns, result }: QueryRows): AsyncGenerator<Json[][]> {
  const convert = await converter();
  for await (const rows of result.yieldConvertedRows(convert)) {
    yield rows.map((row) => row.map((value, index) => (columns[index]?.isJson ? parsed(value) : value)));
  }
}

/** What is JSON in the file is JSON here. */
function parsed(value: Json): Json {
  return typeof value === 'string' ? (JSON.parse(value) as Json) : value;
}

/** As the library's own for JSON, but whole numbers stay numbers as far as a number holds them. */
async function converter(): Promise<DuckDBValueConverter<Json>> {
  const { DuckDBTypeId, JsonDuckDBValueConverter } = await import('@duckdb/node-api');
  const whole = new Set([
    DuckDBTypeId.BIGINT,
    DuckDBTypeId.UBIGINT,
    DuckDBTypeId.HUGEINT,
    DuckDBTypeId.UHUGEINT,
  ]);
  const own: DuckDBValueConverter<Json> = (value: DuckDBValue, type: DuckDBType, next) => {
    if (typeof value === 'bigint' && whole.has(type.typeId)) {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value.toString();
    }
    return JsonDuckDBValueConverter(value, type, next as never) as Json;
  };
  return own;
}

/** Text for a terminal; programs get theirs as it is. */
export function forTerminal(text: string): string {
  return cleanText(text);
}
