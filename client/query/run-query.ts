/** One SELECT over a run's files: DuckDB in this process, in memory, with everything outside shut off. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { cleanText } from '../../methods/text.js';
import { UserError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';
import { type GatheredFiles, gatherFiles } from './gather-files.js';
import { type Columns, derivedViews, type FileView, fileViews, namedColumns } from './views.js';

const viewNames = [...fileViews, ...derivedViews].map(({ name }) => name).sort();

/** Longest row in bytes: an answer of 8 MB whose every character is an escape. */
const longestRow = 50_000_000;

export interface QueryColumn {
  name: string;
  /** As DuckDB writes it. */
  type: string;
  isJson: boolean;
}

/** Rows as DuckDB gives them, chunk by chunk. */
export interface QueryRows {
  columns: QueryColumn[];
  result: DuckDBResult;
  /** Views that the query names and that this run has no file of. */
  absent: string[];
}

/**
 * Runs `sql` and hands the result to `use` while the database is open.
 * @throws UserError with DuckDB's own words for SQL that does not parse, bind or run, and for anything but one SELECT.
 */
export async function runQuery<T>(
  { store, runId, sql }: { store: Store; runId: string; sql: string },
  use: (rows: QueryRows) => Promise<T>,
): Promise<T> {
  if (/^[\s;]*$/.test(sql)) throw new UserError(oneSelect);
  // 30 MB of a native library: no other command loads it.
  const { DuckDBInstance, DuckDBTypeId, StatementType } = await import('@duckdb/node-api');
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'seedmill-query-')));
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: path.join(folder, 'spill'),
  });
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  process.once('SIGINT', interrupt);
  try {
    const files = await gatherFiles({ store, runId, wanted: viewsIn(sql), folder });
    await makeViews(connection, { files, runId });
    await shutOff(connection, files);
    const result = await explained(async () => {
      const statements = await connection.extractStatements(sql);
      if (statements.count !== 1) throw new UserError(oneSelect);
      const prepared = await statements.prepare(0);
      if (prepared.statementType !== StatementType.SELECT) throw new UserError(oneSelect);
      return await prepared.stream();
    });
    const columns = result.deduplicatedColumnNames().map((name, index): QueryColumn => {
      const type = result.columnType(index);
      return {
        name,
        type: type.alias ?? type.toString(),
        isJson: type.typeId === DuckDBTypeId.VARCHAR && type.alias === 'JSON',
      };
    });
    return await explained(() => use({ columns, result, absent: absentOf(files) }));
  } finally {
    process.off('SIGINT', interrupt);
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

const oneSelect =
  'one SELECT (or DESCRIBE, SHOW TABLES, SUMMARIZE, or a PIVOT whose values are listed with IN) is run at a time: a query changes nothing and writes no files';

/** Every view whose name is in the text, and what it is made of: more than are used do no harm. */
export function viewsIn(sql: string): Set<string> {
  const words = new Set(sql.toLowerCase().match(/[a-z_]+/g));
  const derived = derivedViews.filter(({ name }) => words.has(name));
  const named = fileViews.map(({ name }) => name).filter((name) => words.has(name));
  return new Set([...named, ...derived.flatMap(({ of }) => of)]);
}

function absentOf(files: GatheredFiles): string[] {
  return [...files].filter(([, found]) => found.length === 0).map(([name]) => name);
}

async function makeViews(
  connection: DuckDBConnection,
  { files, runId }: { files: GatheredFiles; runId: string },
): Promise<void> {
  for (const view of fileViews) {
    const rows = rowsOf(view, { files, runId });
    await connection.run(`CREATE VIEW ${view.name} AS ${rows}`);
  }
  for (const { name, sql } of derivedViews) await connection.run(`CREATE VIEW ${name} AS ${sql}`);
}

/** Without files, the columns alone. */
function rowsOf(view: FileView, { files, runId }: { files: GatheredFiles; runId: string }): string {
  const { columns, named = [], sql, isWhole = false } = view;
  const gathered = files.get(view.name) ?? [];
  const own = Object.keys(columns).map(quotedName);
  const first = named.map((name) => `${namedColumns[name]} AS ${name}`);
  const selected = [...first, ...own].join(', ');
  if (gathered.length === 0) {
    const typed = Object.entries(columns).map(
      ([name, type]) => `CAST(NULL AS ${type}) AS ${quotedName(name)}`,
    );
    const none = `(SELECT ${typed.join(', ')}, '' AS file WHERE false)`;
    return sql
      ? `WITH rows AS (SELECT ${selected}, file FROM ${none}) SELECT * FROM (${sql})`
      : `SELECT ${selected} FROM ${none}`;
  }
  const read = `read_json([${gathered.map((file) => quoted(file.path)).join(', ')}], ${[
    `format = '${isWhole ? 'unstructured' : 'newline_delimited'}'`,
    `columns = ${structOf(columns)}`,
    `maximum_object_size = ${longestRow}`,
    `filename = 'path'`,
  ].join(', ')})`;
  // From the run's folder on, wherever a file lies.
  const name = `regexp_replace(path, ${quoted(`^.*/${escaped(runId)}/|^.*/seedmill-query-[^/]*/`)}, '')`;
  const rows = `(SELECT * EXCLUDE (path), ${name} AS file FROM ${read})`;
  return sql
    ? `WITH rows AS (SELECT ${selected}, file FROM ${rows}) SELECT * FROM (${sql})`
    : `SELECT ${selected} FROM ${rows}`;
}

/** Nothing but the views' own files can be read from here on, and nothing can be written, loaded or set. */
async function shutOff(connection: DuckDBConnection, files: GatheredFiles): Promise<void> {
  const paths = [...files.values()].flat().map((file) => quoted(file.path));
  await connection.run(`SET allowed_paths = [${paths.join(', ')}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

/** DuckDB's words as an error for people. They may quote a teacher's. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    // A pipe that was closed, a disk that is full: not the query's fault.
    if ('code' in error) throw error;
    const words = cleanText(error.message.replace(/^Failed to extract statements: /, '')).trim();
    const isUnknown = /^Catalog Error: Table with name /.test(words);
    throw new UserError(isUnknown ? `${words}\n\nViews: ${viewNames.join(', ')}` : words, { cause: error });
  }
}

function structOf(columns: Columns): string {
  const pairs = Object.entries(columns).map(([name, type]) => `${quotedName(name)}: ${quoted(type)}`);
  return `{${pairs.join(', ')}}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function quotedName(name: string): string {
  return `"${name}"`;
}

/** For a regular expression; a run's id has nothing else that means something there. */
function escaped(runId: string): string {
  return runId.replaceAll('.', '\\.');
}
