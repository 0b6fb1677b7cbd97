import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, type Ended, ended } from '../../test/cli/project-folder.js';

export interface KeptOptions {
  start: () => Command;
  /** Whether its work is done, when it ended so. */
  isDone: (end: Ended) => boolean;
  /** Milliseconds until it is given again. */
  pauseMs: () => number;
  /** It has failed for good when it had to be given again more often. */
  mostTimes: number;
  /** Told of every end but the last. */
  onEnd: (end: Ended) => void;
}

/** A command that is given again whenever it ends before its work is done. */
export class KeptProcess {
  /** Of the process that runs now; null between two. */
  pid: number | null = null;
  /** Times that it was given again. */
  again = 0;
  /** The end that counted; null when it was told to end. Rejects with what it said when it has failed for good. */
  readonly done: Promise<Ended | null>;
  private isOver = false;
  private running: Command | null = null;

  constructor(options: KeptOptions) {
    this.done = this.keep(options);
    this.done.catch(() => {});
  }

  /** Ends it, and does not give it again. */
  async end(): Promise<void> {
    this.isOver = true;
    this.running?.kill('SIGKILL');
    await this.done;
  }

  private async keep({ start, isDone, pauseMs, mostTimes, onEnd }: KeptOptions): Promise<Ended | null> {
    while (!this.isOver) {
      this.running = start();
      this.pid = this.running.pid ?? null;
      const end = ended(await this.running);
      this.pid = null;
      if (this.isOver) break;
      if (isDone(end)) return end;
      onEnd(end);
      this.again += 1;
      if (this.again > mostTimes) throw new Error(`given ${mostTimes} times in vain; it said: ${end.stderr}`);
      await sleep(pauseMs());
    }
    return null;
  }
}
