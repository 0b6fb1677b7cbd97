/** Worker threads for heavy computing: the event loop of this one stays free. */
import { Tinypool } from 'tinypool';
import { threadEntry } from '../../store/thread-entry.js';

/**
 * One worker thread, started by its first task. Tasks run one after another and find in their module's memory what
 * earlier ones have left there. A thread that was cancelled or has died is replaced by the next task's, whose memory
 * is empty.
 */
export class PinnedThread {
  readonly #entry: URL;
  #running: { pool: Tinypool; died: Promise<never> } | null = null;

  /** `entry`: a module that exports the tasks as functions of one argument. */
  constructor(entry: URL) {
    this.#entry = entry;
  }

  /**
   * What the entry's function `name` makes of a copy of `input`.
   * @param options.signal ends the thread; then the signal's reason is thrown.
   * @throws what the function throws, as far as errors can be copied: without the fields and the name of its own class.
   */
  async run<Result>(
    name: string,
    input: unknown,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Result> {
    signal?.throwIfAborted();
    this.#running ??= this.#start();
    const { pool, died } = this.#running;
    try {
      return await Promise.race([pool.run(input, { name, ...(signal && { signal }) }), died]);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.pool.destroy();
  }

  #start(): { pool: Tinypool; died: Promise<never> } {
    const pool = new Tinypool({
      ...threadEntry(this.#entry),
      minThreads: 1,
      maxThreads: 1,
      // Waiting for the next task must not keep sockets and timers of the last one from being served.
      useAtomics: false,
    });
    const died = new Promise<never>((_, reject) => {
      // Out of memory between two tasks, or a module that cannot be loaded: a waiting task would wait for ever.
      pool.on('error', (error) => {
        if (this.#running?.pool === pool) this.#running = null;
        reject(error);
      });
    });
    // Nobody need be waiting.
    died.catch(() => {});
    return { pool, died };
  }
}
