import { Tinypool } from 'tinypool';
import { threadEntry } from '../thread-entry.js';
import type { Change, Told } from './operations.js';

/** They wait for disks, so there are more of them than cores would need. */
const threads = 4;
/** Waking a thread costs more than a change does: so much time passes between two messages, for others to come along. */
const betweenBatchesMs = 8;
/** A longer batch would keep its first changes waiting for its last; the rest is another thread's. */
const longestBatch = 16;

interface Waiting {
  change: Change;
  resolve: (value: boolean) => void;
  reject: (error: unknown) => void;
}

/**
 * Threads that change files durably, started by the first change; ended by themselves when idle, they keep no process
 * alive. Changes that come close together go to one thread in one message, which makes them one after another.
 */
export class Disk {
  private pool: Tinypool | null = null;
  private waiting: Waiting[] = [];
  private atWork = 0;
  /** When the last batch began, by `performance.now()`. */
  private begunMs = Number.NEGATIVE_INFINITY;
  private isDue = false;

  /** Atomic and durable. False, and nothing is changed, when the name exists. Rejects with the system's error. */
  async create({ file, bytes }: Omit<Change, 'kind'>): Promise<boolean> {
    return await this.make({ kind: 'create', file, bytes });
  }

  /** Durable. False when the file was taken away meanwhile, so that the bytes may be lost. Rejects with the system's error. */
  async append({ file, bytes }: Omit<Change, 'kind'>): Promise<boolean> {
    return await this.make({ kind: 'append', file, bytes });
  }

  private make(change: Change): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ change, resolve, reject });
      this.beginSoon();
    });
  }

  private beginSoon(): void {
    if (this.isDue || this.waiting.length === 0 || this.atWork === threads) return;
    this.isDue = true;
    const begin = () => {
      this.isDue = false;
      void this.runBatch();
      this.beginSoon();
    };
    const waitMs = this.begunMs + betweenBatchesMs - performance.now();
    if (waitMs > 0 && this.waiting.length < longestBatch) setTimeout(begin, waitMs);
    // Whatever else this turn of the event loop brings.
    else setImmediate(begin);
  }

  private async runBatch(): Promise<void> {
    const batch = this.waiting.splice(0, longestBatch);
    this.begunMs = performance.now();
    this.atWork += 1;
    try {
      this.pool ??= this.start();
      const told: Told[] = await this.pool.run(
        batch.map(({ change }) => change),
        { name: 'makeAll' },
      );
      for (const [n, { resolve, reject }] of batch.entries()) {
        const one = told[n] as Told;
        if ('value' in one) resolve(one.value);
        else reject(Object.assign(new Error(one.error.message), { code: one.error.code }));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.atWork -= 1;
      this.beginSoon();
    }
  }

  private start(): Tinypool {
    const pool = new Tinypool({
      ...threadEntry(new URL('./operations.js', import.meta.url)),
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: 10_000,
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
