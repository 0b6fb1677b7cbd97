/**
 * Durable changes of files, each from its first system call to its last without going back to the event loop: that
 * would cost more than the ten calls of an answer. For the threads of `disk.ts`; nothing else waits meanwhile.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { KeptFiles } from './kept-files.js';

export interface Change {
  /** `create`: a file with these bytes, all of them or none. `append`: to the end of one, which is made if need be. */
  kind: 'create' | 'append';
  /** Absolute; its folder exists. */
  file: string;
  bytes: Uint8Array | string;
}

/** A thread's errors lose their code on the way; so they are told, not thrown. */
export type Told = { value: boolean } | { error: { message: string; code: string | undefined } };

/** A shard's log takes rows many times a second. */
const openLogs = new KeptFiles({ most: 32, idleMs: 1_000 });

/** Makes the changes in their order, each by itself: one that fails keeps no other from being made. */
export function makeAll(changes: readonly Change[]): Told[] {
  return changes.map((change) => {
    try {
      return { value: change.kind === 'create' ? create(change) : append(change) };
    } catch (error) {
      return { error: { message: (error as Error).message, code: codeOf(error) } };
    }
  });
}

/** False when the name is taken. */
function create({ file, bytes }: Change): boolean {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.new-${randomUUID()}`);
  let isMine = true;
  try {
    withFile(temporary, 'wx', (fd) => {
      writeAll(fd, bytes);
      fsyncSync(fd);
    });
    // A link, unlike a rename, fails when the name is taken.
    linkSync(temporary, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    isMine = false;
  } finally {
    removeIfAny(temporary);
  }
  // Also when it was there: whoever created it may have died before its own fsync; what we report must last.
  syncFolder(folder);
  return isMine;
}

/** False when the file was taken away meanwhile: the bytes may be lost. */
function append({ file, bytes }: Change): boolean {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  const kept = openLogs.take(file);
  const fd = kept ?? openSync(file, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW);
  let isInPlace = false;
  try {
    writeAll(fd, bytes);
    fsyncSync(fd);
    if (kept === undefined) syncFolder(path.dirname(file));
    isInPlace = statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
    return isInPlace;
  } finally {
    // One that failed, or whose file is gone, is opened anew the next time.
    if (isInPlace) openLogs.keep(file, fd);
    else closeSync(fd);
  }
}

function withFile(file: string, flags: string | number, use: (fd: number) => void): void {
  const fd = openSync(file, flags);
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}

/** The system may take a part of the bytes at a time. */
function writeAll(fd: number, content: Uint8Array | string): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** Makes new names in a folder durable. */
function syncFolder(folder: string): void {
  // Windows cannot open a folder for this and has no such promise to keep.
  if (process.platform !== 'win32') withFile(folder, constants.O_RDONLY, fsyncSync);
}

function removeIfAny(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
