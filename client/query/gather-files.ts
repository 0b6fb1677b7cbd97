/** The files of a run as DuckDB can read them: where they lie, or copied into a private folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Store } from '../../store/types.js';
import { type FileView, fileViews } from './views.js';

/** Files at once. */
const lanes = 8;

/** A file for DuckDB. */
export interface GatheredFile {
  path: string;
  /** Its name below the run. */
  name: string;
}

/** Where each of the views finds its rows. */
export type GatheredFiles = Map<string, GatheredFile[]>;

/**
 * The files of the views in `wanted`. Those of a file store are read in place; those of others, parts of logs, and files
 * with what DuckDB cannot read (half a surrogate pair, written as an escape) are copied to `folder`.
 */
export async function gatherFiles(options: {
  store: Store;
  runId: string;
  wanted: ReadonlySet<string>;
  folder: string;
}): Promise<GatheredFiles> {
  const { store, runId, wanted, folder } = options;
  const used = fileViews.filter(({ name }) => wanted.has(name));
  const gathered: GatheredFiles = new Map(used.map(({ name }) => [name, []]));
  // Logs first: rows move from a log to its shard's file, so the other order could miss them on their way.
  const logs = await gatherLogs({ store, runId, folder, used });
  const names = (await store.list(runId)).map((name) => name.slice(runId.length + 1));
  const work = used.flatMap((view) => {
    const files = view.files(names).filter((name) => logOf(name) === null);
    return files.map((name) => ({ view, name }));
  });
  const lane = async () => {
    for (let next = work.pop(); next; next = work.pop()) {
      const file = await gather({ store, runId, folder, name: next.name });
      if (file) gathered.get(next.view.name)?.push(file);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const { view, file } of logs) gathered.get(view.name)?.push(file);
  for (const files of gathered.values()) files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return gathered;
}

async function gatherLogs(options: {
  store: Store;
  runId: string;
  folder: string;
  used: readonly FileView[];
}): Promise<{ view: FileView; file: GatheredFile }[]> {
  const { store, runId, folder, used } = options;
  const names = (await store.list(runId)).map((name) => name.slice(runId.length + 1));
  const found: { view: FileView; file: GatheredFile }[] = [];
  for (const view of used) {
    const logs = new Set(view.files(names).flatMap((name) => logOf(name) ?? []));
    for (const log of logs) {
      const lines = await store.readLog(`${runId}/${log}`);
      if (lines.length === 0) continue;
      const name = `${log}/log.jsonl`;
      const text = lines.map((line) => `${line}\n`).join('');
      found.push({ view, file: { name, path: await copy(folder, name, mended(Buffer.from(text))) } });
    }
  }
  return found;
}

/** The log that the name is a part of; null: it is a file of its own. */
function logOf(name: string): string | null {
  return /^(.*\.ledger)\//.exec(name)?.[1] ?? null;
}

async function gather(options: {
  store: Store;
  runId: string;
  folder: string;
  name: string;
}): Promise<GatheredFile | null> {
  const { store, runId, folder, name } = options;
  const bytes = await store.read(`${runId}/${name}`);
  // Removed since it was listed.
  if (!bytes) return null;
  const inPlace = placeOf(store, `${runId}/${name}`);
  const whole = mended(bytes);
  if (inPlace !== null && whole === bytes) return { path: inPlace, name };
  return { path: await copy(folder, name, whole), name };
}

/** The path of a file store's file; null elsewhere, and where DuckDB would take the path for a pattern. */
function placeOf(store: Store, name: string): string | null {
  if (!store.url.startsWith('file:')) return null;
  const place = path.join(fileURLToPath(store.url), name);
  return /[*?[\]{}]/.test(place) ? null : place;
}

async function copy(folder: string, name: string, bytes: Buffer): Promise<string> {
  const place = path.join(folder, name);
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, bytes, { mode: 0o600 });
  return place;
}

/** The same bytes, but for lone surrogates, which JSON has as escapes and no text of DuckDB can hold. */
function mended(bytes: Buffer): Buffer {
  // `JSON.stringify` writes such an escape for nothing else.
  if (!bytes.includes('\\ud')) return bytes;
  const text = bytes.toString('utf8');
  const half = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/gi;
  return Buffer.from(text.replaceAll(half, '$1\\ufffd'));
}
