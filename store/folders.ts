/** Folders of a file store: made durably, checked to lie inside it, fsynced after their entries change. */
import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from './errors.js';

export class Folders {
  readonly root: string;
  /** Folders known to exist and to lie inside the root. */
  private readonly known = new Set<string>();
  private readonly syncing = new Map<string, { running: Promise<void>; next: Promise<void> | null }>();

  /** `root` is an existing folder, without symbolic links in its path. */
  constructor(root: string) {
    this.root = root;
  }

  /** Makes the folder durably unless it is there. Throws `UserError` when a symbolic link leads out of the store. */
  async make(folder: string): Promise<void> {
    if (folder === this.root || this.known.has(folder)) return;
    const parent = path.dirname(folder);
    await this.make(parent);
    try {
      await mkdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    // Also when it was there: whoever made it may not have come this far yet.
    await this.sync(parent);
    await this.check(folder);
  }

  /** Throws `UserError` when a symbolic link leads out of the store; a folder that does not exist passes. */
  async check(folder: string): Promise<void> {
    if (folder === this.root || this.known.has(folder)) return;
    let real: string;
    try {
      real = await realpath(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return;
      throw error;
    }
    if (!real.startsWith(this.root + path.sep)) {
      throw new UserError(`${folder} leads out of the store, to ${real}: remove that symbolic link`);
    }
    this.known.add(folder);
  }

  /** For when a folder turns out to be gone: it is checked and made anew. */
  forget(folder: string): void {
    for (let at = folder; at.startsWith(this.root); at = path.dirname(at)) this.known.delete(at);
  }

  /** Makes changes of the folder's entries durable. Calls that overlap share an fsync. */
  sync(folder: string): Promise<void> {
    const entry = this.syncing.get(folder);
    if (!entry) return this.start(folder);
    // The running fsync may have begun before this caller's change, so only the next one counts.
    entry.next ??= entry.running.then(
      () => this.start(folder),
      () => this.start(folder),
    );
    return entry.next;
  }

  private start(folder: string): Promise<void> {
    const entry: { running: Promise<void>; next: Promise<void> | null } = {
      running: syncFolder(folder).finally(() => {
        if (this.syncing.get(folder) === entry && !entry.next) this.syncing.delete(folder);
      }),
      next: null,
    };
    this.syncing.set(folder, entry);
    return entry.running;
  }
}

/** Throws `UserError` when the name is a symbolic link, which could lead anywhere. */
export async function refuseLink(file: string): Promise<void> {
  const stats = await lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (stats?.isSymbolicLink()) throw linkError(file);
}

export function linkError(file: string): UserError {
  return new UserError(
    `${file} is a symbolic link, which a store does not follow: replace it by the file itself`,
  );
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder for this and has no such promise to keep.
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
