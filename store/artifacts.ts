/** Files of rows and single values in a store, by reference: what activities hand to each other. */
import { createHash } from 'node:crypto';
import type { Ref } from '../activities/types.js';
import { CorruptDataError } from './errors.js';
import type { Store } from './types.js';

/** Rows that are put together as one text: half a gigabyte is the longest there can be. */
const rowsPerText = 1_000;

/** Collects rows as the bytes of their file: less memory than the rows themselves, where there are many. */
export class JsonlBytes {
  count = 0;
  readonly #parts: Buffer[] = [];
  #lines: string[] = [];

  /** Throws `TypeError` when the row holds NaN or Infinity, which JSON would turn into null. */
  add(row: unknown): void {
    this.#lines.push(`${toJson(row)}\n`);
    this.count += 1;
    if (this.#lines.length === rowsPerText) this.#join();
  }

  /** Writes one row a line and returns the reference to it. */
  async write(store: Store, name: string): Promise<Ref> {
    this.#join();
    const bytes = Buffer.concat(this.#parts);
    await store.write(name, bytes);
    return { uri: name, sha256: sha256Hex(bytes), count: this.count };
  }

  #join(): void {
    this.#parts.push(Buffer.from(this.#lines.join('')));
    this.#lines = [];
  }
}

/**
 * Writes one row a line and returns the reference to it.
 * Throws `TypeError` when a row holds NaN or Infinity, which JSON would turn into null.
 */
export async function writeJsonl(store: Store, name: string, rows: readonly unknown[]): Promise<Ref> {
  const bytes = new JsonlBytes();
  for (const row of rows) bytes.add(row);
  return await bytes.write(store, name);
}

/**
 * The rows that a reference points to.
 * Throws `CorruptDataError` when the file is missing, has other bytes than the reference says, or another count.
 */
export async function readJsonl<Row>(store: Store, ref: Ref): Promise<Row[]> {
  const rows = parseJsonl<Row>(await readReferenced(store, ref), ref.uri);
  if (rows.length !== ref.count) {
    throw new CorruptDataError(`${ref.uri} has ${rows.length} rows, expected ${ref.count}`);
  }
  return rows;
}

/** The bytes that a reference points to. Throws `CorruptDataError` when they are missing, or others than it says. */
export async function readReferenced(store: Store, ref: Ref): Promise<Buffer> {
  const bytes = await store.read(ref.uri);
  if (!bytes) throw new CorruptDataError(`${ref.uri} is missing in ${store.url}`);
  const sha256 = sha256Hex(bytes);
  if (sha256 !== ref.sha256) {
    throw new CorruptDataError(
      `${ref.uri} in ${store.url} was changed: its SHA-256 is ${sha256}, expected ${ref.sha256}`,
    );
  }
  return bytes;
}

/**
 * The rows of a file known by name alone.
 * Throws `CorruptDataError` when a line is no JSON, or when the file is missing and `missing` is not `empty`.
 */
export async function readJsonlAt<Row>(
  store: Store,
  name: string,
  options: { missing?: 'empty' | 'error' } = {},
): Promise<Row[]> {
  const bytes = await store.read(name);
  if (bytes) return parseJsonl<Row>(bytes, name);
  if (options.missing === 'empty') return [];
  throw new CorruptDataError(`${name} is missing in ${store.url}`);
}

/** The reference to a file that lies in the store already. Throws `CorruptDataError` when it is missing. */
export async function refTo(store: Store, name: string): Promise<Ref> {
  const bytes = await store.read(name);
  if (!bytes) throw new CorruptDataError(`${name} is missing in ${store.url}`);
  return { uri: name, sha256: sha256Hex(bytes), count: countLines(bytes) };
}

/** How many rows a file has, without reading them; 0 when it is missing. */
export async function countRows(store: Store, name: string): Promise<number> {
  const bytes = await store.read(name);
  return bytes ? countLines(bytes) : 0;
}

/** Writes one value as indented JSON with a newline at its end. Throws `TypeError` on NaN and Infinity. */
export async function writeJson(store: Store, name: string, value: unknown): Promise<Ref> {
  const bytes = Buffer.from(`${toJson(value, 2)}\n`);
  await store.write(name, bytes);
  return { uri: name, sha256: sha256Hex(bytes), count: 1 };
}

/** The value. Throws `CorruptDataError` when the file is missing or no JSON. */
export async function readJson<Value>(store: Store, name: string): Promise<Value> {
  const value = await readJsonIfAny<Value>(store, name);
  if (value === undefined) throw new CorruptDataError(`${name} is missing in ${store.url}`);
  return value;
}

/** The value, or undefined when there is no such file. Throws `CorruptDataError` when it is no JSON. */
export async function readJsonIfAny<Value>(store: Store, name: string): Promise<Value | undefined> {
  const bytes = await store.read(name);
  return bytes && parseJson<Value>(bytes.toString('utf8'), name);
}

export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** JSON without silent losses: NaN and Infinity throw, where `JSON.stringify` alone writes null. */
export function toJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(
    value,
    (key, inner) => {
      if (typeof inner === 'number' && !Number.isFinite(inner)) {
        throw new TypeError(`"${key}" is ${inner}, which JSON cannot hold`);
      }
      return inner;
    },
    indent,
  );
  if (text === undefined) throw new TypeError(`${typeof value} cannot be written as JSON`);
  return text;
}

/** Rows of a log or file, line by line; `name` is for the message of the `CorruptDataError`. */
export function parseLines<Row>(lines: readonly string[], name: string): Row[] {
  return lines.map((line, index) => parseJson<Row>(line, `${name}:${index + 1}`));
}

function parseJsonl<Row>(bytes: Buffer, name: string): Row[] {
  return [...eachRow<Row>(bytes, name)];
}

/** The rows of JSON Lines, one at a time; `name` is for the message of the `CorruptDataError`. */
export function* eachRow<Row>(bytes: Buffer, name: string): Generator<Row> {
  for (const { line, row } of eachLine(bytes)) yield parseJson<Row>(line.toString('utf8'), `${name}:${row}`);
}

/**
 * The rows with one of these ids. Of the others only the beginning is looked at, where the id stands as this program writes
 * it. Throws as `eachRow`.
 */
export function* rowsWithIds<Row extends { id: string }>(
  bytes: Buffer,
  name: string,
  ids: { has(id: string): boolean },
): Generator<Row> {
  for (const { line, row } of eachLine(bytes)) {
    const written = /^\{"id":"([^"\\]*)"/.exec(line.toString('utf8', 0, idBytes))?.[1];
    if (written !== undefined && !ids.has(written)) continue;
    const value = parseJson<Row>(line.toString('utf8'), `${name}:${row}`);
    if (ids.has(value.id)) yield value;
  }
}

/** A row that begins with an id of ours ends it within so many bytes. */
const idBytes = 100;

/** Lines without their newline, numbered from 1; views of the bytes. */
function* eachLine(bytes: Buffer): Generator<{ line: Buffer; row: number }> {
  for (let start = 0, row = 1; start < bytes.length; row += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    yield { line: bytes.subarray(start, end), row };
    start = end + 1;
  }
}

function parseJson<Value>(text: string, where: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new CorruptDataError(`${where}: not JSON (${(error as Error).message})`, { cause: error });
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 0x0a) lines += 1;
  return lines;
}
