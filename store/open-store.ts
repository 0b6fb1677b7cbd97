import { randomUUID } from 'node:crypto';
import { mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { explainSystemError, UserError } from './errors.js';
import { FileStore } from './file-store.js';
import type { Store } from './types.js';

export interface OpenedStore {
  store: Store;
  /** Content of the store's `store-id`: the same store has the same one, under whatever URL it is reached. */
  storeId: string;
}

const STORE_ID = 'store-id';

/**
 * Opens the store at a path, `file:///…` or `s3://bucket/prefix`, making it when there is none.
 * Throws `UserError` when the URL names none, holds credentials, or the store cannot be reached or written.
 */
export async function openStore(url: string): Promise<OpenedStore> {
  const store = await openDriver(url, makeFolder);
  const known = await store.read(STORE_ID);
  if (known) return { store, storeId: known.toString('utf8').trim() };
  await store.create(STORE_ID, `${randomUUID()}\n`);
  const made = await store.read(STORE_ID);
  if (!made) throw new UserError(`${store.url} does not keep what is written to it`);
  return { store, storeId: made.toString('utf8').trim() };
}

/** There is no store where one was looked for. */
export class NoStoreError extends UserError {}

/** Opens a store that somebody has made. Throws as `openStore`, and `NoStoreError` when there is none. */
export async function findStore(url: string): Promise<Store> {
  const store = await openDriver(url, findFolder);
  if (!(await store.read(STORE_ID))) throw noStore(store.url);
  return store;
}

function noStore(place: string): NoStoreError {
  return new NoStoreError(
    `there is no store at ${place}: --store or SEEDMILL_STORE names another one, the first "seedmill run" makes it`,
  );
}

type OpenFolder = (folder: string) => Promise<Store>;

async function openDriver(url: string, openFolder: OpenFolder): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return await openFolder(path.resolve(url));
  const parsed = parse(url);
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '') {
    throw new UserError(
      'a store URL has no credentials and no parameters: S3 keys come from the environment (AWS_ACCESS_KEY_ID …)',
    );
  }
  if (scheme === 'file') return await openFolder(filePath(parsed));
  if (scheme === 's3' && parsed.hostname !== '') {
    const prefix = decodeURIComponent(parsed.pathname).replace(/^\/+|\/+$/g, '');
    // Loaded only when it is needed: the SDK takes longer than everything else that a command loads.
    const { openS3Store } = await import('./s3-store.js');
    return await openS3Store({ bucket: parsed.hostname, prefix });
  }
  throw new UserError(`"${url}" is no store: give a folder, file:///folder or s3://bucket/prefix`);
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new UserError(`a store is a folder, file:///folder or s3://bucket/prefix; this URL cannot be read`);
  }
}

function filePath(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new UserError(`"${url.href}" names no folder of this machine: ${(error as Error).message}`);
  }
}

async function findFolder(folder: string): Promise<Store> {
  try {
    const found = await realpath(folder);
    if (!(await stat(found)).isDirectory())
      throw new UserError(`${folder} is a file, and a store is a folder`);
    return new FileStore(found);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noStore(folder);
    throw explainSystemError(error, folder);
  }
}

async function makeFolder(folder: string): Promise<Store> {
  try {
    await mkdir(folder, { recursive: true });
    return new FileStore(await realpath(folder));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new UserError(`the store ${folder} cannot be made: there is a file of that name`, {
        cause: error,
      });
    }
    throw explainSystemError(error, folder);
  }
}
