/**
 * One at a time across processes, on top of proper-lockfile: its lock is a folder whose time stamp the holder
 * keeps fresh, so the lock of a killed holder goes stale by itself.
 */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { ServiceError } from './service-error.js';

/** After this long without a sign of life the holder counts as gone. */
const staleMs = 6_000;
const retryMs = 250;
/** Long enough for a rival that judged the same lock stale to have finished taking it. */
const settleMs = 100;

export interface LockOptions {
  /** The lock becomes `<target>.lock`; the target itself need not exist. */
  target: string;
  /** Called once when somebody else holds the lock. */
  onWait: () => void;
}

export interface HeldLock {
  /** Throws when the lock has been taken away (a holder that slept past the stale time). Call before the deed. */
  assertHeld(): Promise<void>;
}

/**
 * Runs `work` while holding the lock; waits as long as its holder is alive. Released when `work` ends, and by
 * the process's exit.
 */
export async function withLock<T>(options: LockOptions, work: (lock: HeldLock) => Promise<T>): Promise<T> {
  await mkdir(path.dirname(options.target), { recursive: true });
  const folder = `${options.target}.lock`;
  const { release, identity } = await acquire(options, folder);
  const isOurs = async () => (await identityOf(folder)) === identity;
  const assertHeld = async () => {
    if (!(await isOurs()))
      throw new ServiceError(`lost the lock ${folder} to another process; run the command again`);
  };
  try {
    return await work({ assertHeld });
  } finally {
    if (await isOurs()) await release();
  }
}

async function acquire({ target, onWait }: LockOptions, folder: string) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const release = await lockfile.lock(target, {
        realpath: false,
        stale: staleMs,
        update: staleMs / 4,
        // Losing the lock is found by `assertHeld`; the default handler would end the process.
        onCompromised: () => {},
      });
      const identity = await identityOf(folder);
      if (attempt > 0) await sleep(settleMs);
      // Two waiters may both judge a lock stale, and the slower one then removes the faster one's new lock.
      if (identity !== null && (await identityOf(folder)) === identity) return { release, identity };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      if (attempt === 0) onWait();
    }
    await sleep(retryMs);
  }
}

/** What tells a folder from a later one in its place; file systems use inode numbers again at once. */
async function identityOf(folder: string): Promise<string | null> {
  try {
    const { ino, birthtimeNs } = await stat(folder, { bigint: true });
    return `${ino}:${birthtimeNs}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
