/**
 * Groups appends that overlap: while one flush is under way, whatever arrives is collected and goes out in the next
 * one. Fifty calls that end together cost one fsync.
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
  append(name: string, lines: string[]): Promise<void> {
    const waiting = this.pending.get(name);
    if (waiting) {
      waiting.lines.push(...lines);
      return waiting.done;
    }
    const batch: Batch = { lines: [...lines], done: this.after(name) };
    this.pending.set(name, batch);
    return batch.done;
  }

  private after(name: string): Promise<void> {
    const previous = this.running.get(name);
    const mine = (async () => {
      // What the previous flush met was told to those who waited for it.
      await previous?.catch(() => undefined);
      // One turn of the event loop, so that calls which end in the same turn share a flush.
      if (!previous) await new Promise(setImmediate);
      const batch = this.pending.get(name);
      this.pending.delete(name);
      if (batch) await this.flush(name, batch.lines);
    })();
    this.running.set(name, mine);
    const forget = () => {
      if (this.running.get(name) === mine) this.running.delete(name);
    };
    mine.then(forget, forget);
    return mine;
  }
}

interface Batch {
  lines: string[];
  done: Promise<void>;
}
