/** Reads the rows of JSON Lines and of one JSON array, with the bytes that they have in the file. */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { jsonRows } from '../methods/json-lines.js';
import { excerpt } from '../methods/text.js';
import { UserError } from '../store/errors.js';
import { explainReadError, readText } from './read-text.js';

export interface FileRow {
  /** From 1; blank lines are no rows. */
  row: number;
  /** Line where it begins, from 1. */
  line: number;
  /** As in the file, without the line's end. */
  text: string;
  /** With the line's end; of an array's row without it. */
  bytes: Buffer;
}

export type RowFormat = 'jsonl' | 'array';

/** What a file is: an array when its first character is `[`. Throws a `UserError` when it cannot be read. */
export async function formatOf(file: string): Promise<RowFormat> {
  try {
    const handle = await open(file);
    try {
      if (!(await handle.stat()).isFile()) throw new UserError(`${file}: is not a file`);
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(4_096), position: 0 });
      return /^\ufeff?\s*\[/.test(buffer.toString('utf8', 0, bytesRead)) ? 'array' : 'jsonl';
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explainReadError(error, file);
  }
}

/**
 * The rows in blocks of at most `blockSize`. JSON Lines are streamed; an array is held in memory.
 * @throws UserError with file, line and row when one is not UTF-8, or when the file cannot be read.
 */
export async function* readRows(options: {
  file: string;
  format: RowFormat;
  blockSize: number;
}): AsyncGenerator<FileRow[]> {
  const { file, format, blockSize } = options;
  let block: FileRow[] = [];
  for await (const row of format === 'jsonl' ? linesOf(file) : elementsOf(file)) {
    block.push(row);
    if (block.length === blockSize) {
      yield block;
      block = [];
    }
  }
  if (block.length > 0) yield block;
}

/** A row's object. Throws a `UserError` with file, line and row when it is none. */
export function parseRow(file: string, { row, line, text }: FileRow): Record<string, unknown> {
  const where = placeOf(file, { row, line });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (text === '') throw new UserError(`${where}: the JSON array is not closed`);
    throw new UserError(`${where}: is not JSON: ${excerpt(text, 60)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new UserError(`${where}: is not a JSON object: ${excerpt(text, 60)}`);
}

/** For messages: `pool.jsonl:12: row 11`. */
export function placeOf(file: string, { row, line }: { row: number; line: number }): string {
  return `${file}:${line}: row ${row}`;
}

async function* linesOf(file: string): AsyncGenerator<FileRow> {
  let row = 0;
  let line = 0;
  let rest: Buffer[] = [];
  const take = (bytes: Buffer): FileRow | null => {
    line += 1;
    if (!isUtf8(bytes)) throw notUtf8(placeOf(file, { row: row + 1, line }));
    const decoded = bytes.toString('utf8');
    const text = (line === 1 ? decoded.replace(/^\ufeff/, '') : decoded).trim();
    if (text === '') return null;
    row += 1;
    return { row, line, text, bytes };
  };
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(0x0a, start) + 1;
        if (end === 0) break;
        const own = chunk.subarray(start, end);
        const found = take(rest.length === 0 ? own : Buffer.concat([...rest, own]));
        rest = [];
        start = end;
        if (found) yield found;
      }
      if (start < chunk.length) rest.push(chunk.subarray(start));
    }
    const last = rest.length === 0 ? null : take(Buffer.concat(rest));
    if (last) yield last;
  } catch (error) {
    throw explainReadError(error, file);
  }
}

async function* elementsOf(file: string): AsyncGenerator<FileRow> {
  let row = 0;
  for (const { line, text } of jsonRows(await readText(file))) {
    row += 1;
    yield { row, line, text, bytes: Buffer.from(text) };
  }
}

function notUtf8(where: string): UserError {
  return new UserError(`${where}: not UTF-8; convert the file, for example with iconv -t UTF-8`);
}
