import { setTimeout as sleep } from 'node:timers/promises';

/** Lines that may wait do so at most this long. */
const longestWaitMs = 100;
/** One flush after another leaves so much time for others to come along. */
const betweenFlushesMs = 5;

/**
 * Groups appends that overlap: while one flush is under way, and a moment longer, whatever arrives is collected and
 * goes out in the next one. Fifty calls that end together cost one fsync.
 */
export class LogQueue {
  private readonly flush: (name: string, lines: string[]) => Promise<void>;
  private readonly pending = new Map<string, Batch>();
  private readonly running = new Map<string, Promise<void>>();

  /** `flush` writes lines durably; it is never called twice at once for one name. */
  constructor(flush: (name: string, lines: string[]) => Promise<void>) {
    this.flush = flush;
  }

  /** Resolves when the lines are durable; rejects with the flush's error, the same for all it was grouped with. */
  append(name: string, lines: string[], { mayWait }: { mayWait: boolean }): Promise<void> {
    const batch = this.pending.get(name) ?? this.open(name);
    batch.lines.push(...lines);
    if (!mayWait) batch.hurry();
    return batch.done;
  }

  /** Resolves when nothing waits that was appended to these names before, durable or failed. */
  async flushed(prefix: string): Promise<void> {
    for (const [name, { hurry }] of this.pending) if (name.startsWith(prefix)) hurry();
    const flushes = [...this.running].filter(([name]) => name.startsWith(prefix));
    await Promise.allSettled(flushes.map(([, flush]) => flush));
  }

  private open(name: string): Batch {
    const lines: string[] = [];
    const { due, hurry } = dueSoon();
    const previous = this.running.get(name);
    const done = (async () => {
      // What the previous flush met was told to those who waited for it.
      await previous?.catch(() => undefined);
      if (previous) await sleep(betweenFlushesMs);
      await due;
      this.pending.delete(name);
      await this.flush(name, lines);
    })();
    const batch: Batch = { lines, done, hurry };
    this.pending.set(name, batch);
    this.running.set(name, done);
    const forget = () => {
      if (this.running.get(name) === done) this.running.delete(name);
    };
    done.then(forget, forget);
    return batch;
  }
}

interface Batch {
  lines: string[];
  done: Promise<void>;
  /** Somebody waits for it. */
  hurry: () => void;
}

/** Due after the longest wait, or one turn of the event loop after the first hurry: what ends in one turn shares a flush. */
function dueSoon(): { due: Promise<void>; hurry: () => void } {
  let hurry = () => {};
  const due = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, longestWaitMs);
    hurry = () => {
      clearTimeout(timer);
      setImmediate(resolve);
    };
  });
  return { due, hurry };
}
