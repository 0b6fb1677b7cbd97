/**
 * File descriptors by plain numbers. `node:fs/promises` wraps each in an object with several promises around every
 * operation, which for the small files of a store costs more than the operations themselves.
 */
import { close, closeSync, fstat, fsync, open, type Stats, write } from 'node:fs';

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** The promise of one callback operation of `node:fs`. */
export function promised<T>(operation: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    operation((error, value) => (error ? reject(error) : resolve(value)));
  });
}

function openFd(file: string, flags: string | number): Promise<number> {
  return promised((done) => open(file, flags, done));
}

export async function openFile(file: string, flags: string | number): Promise<OpenFile> {
  const fd = await openFd(file, flags);
  try {
    return { fd, inode: (await promised<Stats>((done) => fstat(fd, done))).ino };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Resolves when what was written to the descriptor has reached the disk. */
export function syncFd(fd: number): Promise<void> {
  return promised((done) => fsync(fd, done));
}

/** Writes all of the bytes, where the system may take a part of them at a time. */
export async function writeFd(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += await promised<number>((done) => write(fd, bytes, at, bytes.length - at, null, done));
  }
}

/** Runs an action on a file that is open for as long as it takes. */
export async function withFd<T>(
  file: string,
  flags: string | number,
  action: (fd: number) => Promise<T>,
): Promise<T> {
  const fd = await openFd(file, flags);
  try {
    return await action(fd);
  } finally {
    // Nothing waits to be written when its action has synced it, so this does not block.
    closeSync(fd);
  }
}

/** A file that is open, and which one it is, whatever its name may lead to by now. */
export interface OpenFile {
  fd: number;
  inode: number;
}

/** Files that are kept open between uses, a few of them and only for a moment. */
export class KeptFiles {
  private readonly kept = new Map<string, { file: OpenFile; timer: NodeJS.Timeout }>();
  private readonly limits: { most: number; idleMs: number };

  constructor(limits: { most: number; idleMs: number }) {
    this.limits = limits;
  }

  /** The file kept under this key, which from now on is the caller's to close; undefined when there is none. */
  take(key: string): OpenFile | undefined {
    const entry = this.kept.get(key);
    if (entry === undefined) return undefined;
    clearTimeout(entry.timer);
    this.kept.delete(key);
    return entry.file;
  }

  /** Keeps a file for the next `take`, or closes it when none comes. */
  keep(key: string, file: OpenFile): void {
    const timer = setTimeout(() => this.drop(key), this.limits.idleMs);
    timer.unref();
    this.kept.set(key, { file, timer });
    const oldest = this.kept.keys().next().value;
    if (this.kept.size > this.limits.most && oldest !== undefined) this.drop(oldest);
  }

  private drop(key: string): void {
    const file = this.take(key);
    if (file !== undefined) close(file.fd);
  }
}
