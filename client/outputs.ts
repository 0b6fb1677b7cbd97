/** Files that appear whole or not at all. */
import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { explainSystemError, UserError } from '../store/errors.js';

/** Bytes that are gathered before they are written. */
const bufferBytes = 1 << 20;

/** A file that is written beside its place and moved there when it is complete. */
export class OutputFile {
  readonly path: string;
  readonly #target: string;
  readonly #temporary: string;
  readonly #handle: Awaited<ReturnType<typeof open>>;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  private constructor(options: {
    path: string;
    target: string;
    temporary: string;
    handle: Awaited<ReturnType<typeof open>>;
  }) {
    this.path = options.path;
    this.#target = options.target;
    this.#temporary = options.temporary;
    this.#handle = options.handle;
  }

  /**
   * Opens it at once, so that a place that cannot be written is known before the work.
   * @throws UserError when the folder is not there or not writable, or something else than a file has this name.
   */
  static async open(file: string): Promise<OutputFile> {
    // A link stays one; what it leads to is replaced.
    const target = await realpath(file).catch(() => path.resolve(file));
    const present = await stat(target).catch(() => null);
    if (present && !present.isFile()) throw new UserError(`${file}: is not a file that can be replaced`);
    const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}`);
    try {
      const handle = await open(temporary, 'wx', (present?.mode ?? 0o666) & 0o777);
      return new OutputFile({ path: file, target, temporary, handle });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ENOTDIR')
        throw new UserError(`${file}: no such folder; make it first`);
      throw explainSystemError(error, file);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= bufferBytes) await this.#flush();
  }

  /** What was written is durable and in its place afterwards. */
  async commit(): Promise<void> {
    await this.#flush();
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#temporary, this.#target);
    } catch (error) {
      throw explainSystemError(error, this.path);
    }
  }

  /** Leaves nothing; does nothing after `commit`. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(this.#temporary, { force: true });
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      await this.#handle.writeFile(bytes);
    } catch (error) {
      throw explainSystemError(error, this.path);
    }
  }
}

/** Throws a `UserError` when two of the files are the same one. */
export async function refuseSameFiles(files: readonly { option: string; file: string }[]): Promise<void> {
  const seen = new Map<string, string>();
  for (const { option, file } of files) {
    const real = await realpath(file).catch(() => path.resolve(file));
    const other = seen.get(real);
    if (other !== undefined) throw new UserError(`${file}: ${other} and ${option} cannot be the same file`);
    seen.set(real, option);
  }
}
