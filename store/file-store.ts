import { randomUUID } from 'node:crypto';
import { constants, lstatSync } from 'node:fs';
import { open, readdir, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import writeFileAtomic from 'write-file-atomic';
import { disk } from './disk/disk.js';
import { explainSystemError } from './errors.js';
import { Folders, linkError, refuseLink } from './folders.js';
import { LogQueue } from './log-queue.js';
import { checkFolder, checkFolderToRemove, checkName, LEFTOVER_AGE_MS, TEMPORARY_FILE } from './names.js';
import type { Append, Store, StoredFile } from './types.js';

/** A part of a log that `removeLog` has taken away and not yet gone through. */
const TAKEN = '.taken.jsonl';

/** A store in a folder of this machine (or one that several machines mount). */
export class FileStore implements Store {
  readonly url: string;
  private readonly folders: Folders;
  private readonly logs = new LogQueue((key, lines) => this.flush(key, lines));
  /** Log parts that a failed flush may have torn: their writer goes on in a new part. */
  private readonly partOf = new Map<string, number>();

  /** `root` is an existing folder, without symbolic links in its path (`realpath`). */
  constructor(root: string) {
    this.folders = new Folders(root);
    this.url = pathToFileURL(root).href;
  }

  async read(name: string): Promise<Buffer | undefined> {
    return await this.explained(name, (file) => this.readFile(file));
  }

  async write(name: string, bytes: Uint8Array | string): Promise<void> {
    await this.inFolder(name, async (file, folder) => {
      await refuseLink(file);
      await writeFileAtomic(file, toBuffer(bytes));
      await this.folders.sync(folder);
    });
  }

  async create(name: string, bytes: Uint8Array | string): Promise<boolean> {
    return await this.inFolder(name, (file) => disk.create({ file, bytes }));
  }

  async list(prefix: string): Promise<string[]> {
    const names: string[] = [];
    await this.walk(prefix, (name) => void names.push(name));
    return names.sort();
  }

  async sizes(prefix: string): Promise<StoredFile[]> {
    const files: StoredFile[] = [];
    await this.walk(prefix, (name, file) => {
      // Like the look in `readFile`: through the threads of `stat` it would take five times as long.
      const stats = lstatSync(file, { throwIfNoEntry: false });
      if (stats) files.push({ name, bytes: stats.size });
    });
    return files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  async removeFolder(prefix: string): Promise<void> {
    checkFolderToRemove(prefix);
    const folder = path.join(this.folders.root, prefix);
    await this.explainedAt(folder, async () => {
      await this.folders.check(path.dirname(folder));
      // Does not follow links, at its top or below.
      await rm(folder, { recursive: true, force: true });
      this.folders.forget(folder);
      await this.folders.sync(path.dirname(folder)).catch((error) => {
        if (!isMissing(error)) throw error;
      });
    });
  }

  async leftovers({ remove }: { remove: boolean }): Promise<{ files: number; bytes: number }> {
    const found = { files: 0, bytes: 0 };
    const oldest = Date.now() - LEFTOVER_AGE_MS;
    const old: string[] = [];
    await this.walk(
      '',
      () => {},
      (file) => {
        const stats = lstatSync(file, { throwIfNoEntry: false });
        if (!stats?.isFile() || stats.mtimeMs > oldest) return;
        found.files += 1;
        found.bytes += stats.size;
        old.push(file);
      },
    );
    if (remove) for (const file of old) await this.explainedAt(file, () => unlinkIfAny(file));
    return found;
  }

  /** Every name below a folder with its file; and every temporary file. */
  private async walk(
    prefix: string,
    each: (name: string, file: string) => void,
    temporary: (file: string) => void = () => {},
  ): Promise<void> {
    checkFolder(prefix);
    const start = path.join(this.folders.root, prefix);
    await this.explainedAt(start, async () => {
      await this.folders.check(start);
      await collect(start, prefix === '' ? '' : `${prefix}/`, { each, temporary });
    });
  }

  async remove(name: string): Promise<void> {
    await this.explained(name, async (file) => {
      if (await unlinkIfAny(file)) await this.folders.sync(path.dirname(file));
    });
  }

  async append({ name, writer, lines, mayWait = false }: Append): Promise<void> {
    if (lines.length === 0) return;
    await this.logs.append(checkName(`${name}/${writer}`), lines, { mayWait });
  }

  async readLog(name: string): Promise<string[]> {
    await this.logs.flushed(`${name}/`);
    const lines: string[] = [];
    for (const part of await this.list(name)) {
      const bytes = await this.read(part);
      if (bytes) lines.push(...wholeLines(bytes));
    }
    return lines;
  }

  async removeLog(options: { name: string; seen: readonly string[]; writer: string }): Promise<void> {
    const { name, writer } = options;
    const seen = new Set(options.seen);
    for (const part of await this.list(name)) {
      // Another process may be appending. Taken away first and read again then, the part shows every line that
      // was in it; a writer that comes later finds its file gone after its fsync and writes the lines once more.
      const taken = part.endsWith(TAKEN) ? part : `${part}-${randomUUID()}${TAKEN}`;
      await this.explained(name, async () => {
        try {
          if (taken !== part) await rename(this.pathOf(part), this.pathOf(taken));
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
      });
      const bytes = await this.read(taken);
      if (!bytes) continue;
      const rest = wholeLines(bytes).filter((line) => !seen.has(line));
      if (rest.length > 0) await this.append({ name, writer, lines: rest });
      await this.remove(taken);
    }
  }

  /** Appends to one writer's part of a log; `key` is the log's name and the writer. */
  private async flush(key: string, lines: string[]): Promise<void> {
    const bytes = lines.map((line) => `${line}\n`).join('');
    const number = this.partOf.get(key) ?? 1;
    try {
      const append = (file: string) => disk.append({ file, bytes });
      while (!(await this.inFolder(`${key}-${number}.jsonl`, append))) {}
    } catch (error) {
      this.partOf.set(key, number + 1);
      throw error;
    }
  }

  private async readFile(file: string): Promise<Buffer | undefined> {
    // Every call begins with a look for an answer that is hardly ever there. Here that takes microseconds; through the
    // threads of `open` it would take a tenth of what the whole call does.
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    await this.folders.check(path.dirname(file));
    const { O_RDONLY, O_NOFOLLOW } = constants;
    try {
      const handle = await open(file, O_RDONLY | O_NOFOLLOW);
      return await handle.readFile().finally(() => handle.close());
    } catch (error) {
      // A folder: other names lie below it, but it is none itself.
      if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EISDIR') return undefined;
      throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? linkError(file) : error;
    }
  }

  /** Runs an action in the name's folder, which is made, and made again when someone removes it meanwhile. */
  private async inFolder<T>(name: string, action: (file: string, folder: string) => Promise<T>): Promise<T> {
    return await this.explained(name, async (file) => {
      const folder = path.dirname(file);
      await this.folders.make(folder);
      try {
        return await action(file, folder);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        this.folders.forget(folder);
        await this.folders.make(folder);
        return await action(file, folder);
      }
    });
  }

  private async explained<T>(name: string, action: (file: string) => Promise<T>): Promise<T> {
    const file = this.pathOf(name);
    return await this.explainedAt(file, () => action(file));
  }

  private async explainedAt<T>(file: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw explainSystemError(error, file);
    }
  }

  private pathOf(name: string): string {
    return path.join(this.folders.root, checkName(name));
  }
}

interface Found {
  each: (name: string, file: string) => void;
  temporary: (file: string) => void;
}

async function collect(folder: string, prefix: string, found: Found): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.')) await collect(file, `${prefix}${entry.name}/`, found);
    } else if (entry.name.startsWith('.new-') || TEMPORARY_FILE.test(entry.name)) found.temporary(file);
    else if (entry.isFile() && !entry.name.startsWith('.')) found.each(prefix + entry.name, file);
  }
}

/** False when there was none. */
async function unlinkIfAny(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function wholeLines(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\n').slice(0, -1);
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function toBuffer(bytes: Uint8Array | string): Buffer {
  return typeof bytes === 'string'
    ? Buffer.from(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
