import { Tinypool } from 'tinypool';
import { threadEntry } from '../thread-entry.js';
import type { Change, Told } from './operations.js';

/**
 * Threads that change files durably, started by the first change. They wait for disks, so there are more of them than
 * cores would need; ended by themselves when idle, they keep no process alive.
 */
export class Disk {
  private pool: Tinypool | null = null;

  /** Atomic and durable. False, and nothing is changed, when the name exists. Rejects with the system's error. */
  async create(change: Change): Promise<boolean> {
    return await this.run('create', change);
  }

  /** Durable. False when the file was taken away meanwhile, so that the bytes may be lost. Rejects with the system's error. */
  async append(change: Change): Promise<boolean> {
    return await this.run('append', change);
  }

  private async run(name: 'create' | 'append', change: Change): Promise<boolean> {
    this.pool ??= this.start();
    const told: Told = await this.pool.run(change, { name });
    if ('value' in told) return told.value;
    throw Object.assign(new Error(told.error.message), { code: told.error.code });
  }

  private start(): Tinypool {
    const pool = new Tinypool({
      ...threadEntry(new URL('./operations.js', import.meta.url)),
      minThreads: 1,
      maxThreads: 4,
      idleTimeout: 10_000,
      // A thread takes them one after another; waiting there spares the way back and forth.
      concurrentTasksPerWorker: 8,
      // Else a thread that waits for its next change never closes the logs that it has open.
      useAtomics: false,
    });
    // A thread that died between two changes.
    pool.on('error', () => {
      if (this.pool === pool) this.pool = null;
    });
    return pool;
  }
}

/** One for all stores of the process. */
export const disk = new Disk();
