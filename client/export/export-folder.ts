/** A folder that appears whole or not at all, in place of an earlier export of ours or of nothing. */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { explainSystemError, UserError } from '../../store/errors.js';
import { OutputFile } from '../outputs.js';

/** By which an export is known; hidden, so that nobody who loads the folder takes it for data. */
const markFile = '.seedmill-export.json';

/** What `markFile` says. */
interface Mark {
  run: string;
  format: string;
  /** SHA-256 of each file. */
  files: Record<string, string>;
}

/** A file that was written. */
export interface ExportedFile {
  /** Below the folder, with `/`. */
  name: string;
  bytes: number;
  /** null: it has none. */
  rows: number | null;
}

export class ExportFolder {
  readonly folder: string;
  readonly #target: string;
  readonly #temporary: string;
  readonly #open = new Set<ExportFile>();
  readonly #files: (ExportedFile & { sha256: string })[] = [];

  private constructor(options: { folder: string; target: string; temporary: string }) {
    this.folder = options.folder;
    this.#target = options.target;
    this.#temporary = options.temporary;
  }

  /**
   * Makes the folder's parents and a place beside it.
   * @throws UserError when the folder holds anything but an unchanged export of ours, lies in the store, or cannot be written.
   */
  static async open(folder: string, { store }: { store: string | null }): Promise<ExportFolder> {
    const where = `--out ${folder}`;
    try {
      const target = await realTarget(folder);
      if (store !== null && isInside(target, await realpath(store)))
        throw new UserError(`${where}: lies in the store ${store}; give a folder outside of it`);
      await refuseOthers(target, where);
      await mkdir(path.dirname(target), { recursive: true });
      const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}`);
      await mkdir(temporary);
      return new ExportFolder({ folder, target, temporary });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTDIR' || code === 'EEXIST')
        throw new UserError(`${where}: there is a file of that name; give a folder`);
      throw explainSystemError(error, where);
    }
  }

  /** Opens a file below the folder, whose name may have folders in it. */
  async file(name: string): Promise<ExportFile> {
    const place = path.join(this.#temporary, name);
    await mkdir(path.dirname(place), { recursive: true });
    const file = new ExportFile(
      await OutputFile.open(place),
      (written, final) => {
        this.#open.delete(file);
        this.#files.push({ ...written, name: final });
      },
      name,
    );
    this.#open.add(file);
    return file;
  }

  /** Writes a small file. */
  async text(name: string, text: string): Promise<void> {
    const file = await this.file(name);
    await file.write(Buffer.from(text));
    await file.end();
  }

  /** Gives a file that was ended another name. */
  async rename(from: string, to: string): Promise<void> {
    await rename(path.join(this.#temporary, from), path.join(this.#temporary, to));
    for (const file of this.#files) if (file.name === from) file.name = to;
  }

  /** What was ended so far, by name. */
  get files(): ExportedFile[] {
    return this.#files
      .map(({ name, bytes, rows }) => ({ name, bytes, rows }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Puts everything in its place. */
  async commit(about: Pick<Mark, 'run' | 'format'>): Promise<void> {
    const files = Object.fromEntries(this.#files.map(({ name, sha256 }) => [name, sha256]));
    await this.text(markFile, `${JSON.stringify({ ...about, files } satisfies Mark, null, 2)}\n`);
    const where = `--out ${this.folder}`;
    try {
      // Whatever came there meanwhile is not ours to replace.
      await refuseOthers(this.#target, where);
      const old = `${this.#temporary}.old-${randomUUID()}`;
      const hadOne = await rename(this.#target, old).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false;
          throw error;
        },
      );
      await rename(this.#temporary, this.#target);
      if (hadOne) await rm(old, { recursive: true });
    } catch (error) {
      throw explainSystemError(error, where);
    }
  }

  /** Leaves nothing; does nothing after `commit`. */
  async discard(): Promise<void> {
    for (const file of this.#open) await file.discard();
    await rm(this.#temporary, { recursive: true, force: true });
  }
}

/** A file of the folder that is being written. */
export class ExportFile {
  readonly name: string;
  rows: number | null = null;
  readonly #output: OutputFile;
  readonly #onEnd: (file: Omit<ExportedFile, 'name'> & { sha256: string }, name: string) => void;
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  constructor(
    output: OutputFile,
    onEnd: (file: Omit<ExportedFile, 'name'> & { sha256: string }, name: string) => void,
    name: string,
  ) {
    this.name = name;
    this.#output = output;
    this.#onEnd = onEnd;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#output.write(bytes);
  }

  async end(): Promise<void> {
    await this.#output.commit();
    this.#onEnd({ bytes: this.#bytes, rows: this.rows, sha256: this.#hash.digest('hex') }, this.name);
  }

  discard(): Promise<void> {
    return this.#output.discard();
  }
}

/** Where the folder is or will be, links followed. */
async function realTarget(folder: string): Promise<string> {
  const absolute = path.resolve(folder);
  const missing: string[] = [];
  for (let at = absolute; ; at = path.dirname(at)) {
    try {
      return path.join(await realpath(at), ...missing);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path.dirname(at) === at) throw error;
      missing.unshift(path.basename(at));
    }
  }
}

function isInside(target: string, folder: string): boolean {
  const relative = path.relative(folder, target);
  return (
    relative === '' ||
    !(relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative))
  );
}

/** Throws unless there is nothing, an empty folder, or an export as we left it. */
async function refuseOthers(target: string, where: string): Promise<void> {
  const present = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (present === null) return;
  if (!present.isDirectory()) throw new UserError(`${where}: there is a file of that name; give a folder`);
  const found = await filesOf(target);
  if (found.length === 0) return;
  const mark = await markOf(target);
  if (mark === null)
    throw new UserError(
      `${where}: is not empty and not from "seedmill export"; give another folder, or empty it`,
    );
  for (const name of found) {
    const known = mark.files[name];
    const isSame =
      name === markFile || (known !== undefined && known === (await sha256Of(path.join(target, name))));
    if (!isSame)
      throw new UserError(
        `${where}: an earlier export, but ${name} was ${known === undefined ? 'added' : 'changed'} since; move it, or give another folder`,
      );
  }
}

async function markOf(folder: string): Promise<Mark | null> {
  const text = await readFile(path.join(folder, markFile), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const mark = JSON.parse(text) as Partial<Mark> | null;
    return typeof mark?.files === 'object' && mark.files !== null ? (mark as Mark) : null;
  } catch {
    return null;
  }
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}
