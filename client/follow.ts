/** Shows a run's progress until it ends, or until the person has seen enough. */
import { cursorTo, clearScreenDown } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import logUpdate from 'log-update';
import type { Store } from '../store/types.js';
import { endedStates } from './look.js';
import { lossLine } from './progress-lines.js';
import type { StatusReport } from './status.js';
import { forTerminal } from './terminal.js';
import { fitScreen } from './watch/fit-screen.js';
import { plainLines, type Sight, viewLines } from './watch/view.js';
import { Watcher } from './watch/watcher.js';

const lookEveryMs = 1_000;
/** Without a terminal a line is printed when the step changes, and at least this often while figures change. */
const lineEveryMs = 10_000;

/** A line that stays above a view that is drawn anew. */
export function sayAbove(line: string): void {
  logUpdate.persist(forTerminal(line));
}

export interface FollowOptions {
  store: Store;
  client: Client;
  runId: string;
  say: (line: string) => void;
  /** Redraw in place; otherwise plain lines. */
  isTerminal: boolean;
  signal: AbortSignal;
}

/** The last status: an ended run's, or, when `signal` fired, that of a run which goes on without us. */
export async function follow(options: FollowOptions): Promise<StatusReport> {
  const { client, isTerminal, signal, say } = options;
  const display = isTerminal ? new LiveView() : new Lines(say);
  const watcher = new Watcher(options);
  const end = new EndOfRun(options);
  try {
    for (;;) {
      const lookedAt = performance.now();
      const sight = await watcher.look(client);
      const isOver = endedStates.has(sight.status.state) || signal.aborted;
      display.show(sight, isOver);
      if (isOver) return sight.status;
      // A round of many thousand calls takes a while to read: looking must not become the work.
      const pauseMs = Math.max(lookEveryMs, 10 * (performance.now() - lookedAt));
      await Promise.race([sleep(pauseMs, undefined, { signal }).catch(() => {}), end.isHere()]);
    }
  } finally {
    display.close();
  }
}

/** Hears from the server when a run ends, so that nobody waits for the next look at what is over. */
class EndOfRun {
  private readonly of: { client: Client; runId: string };
  private isAsking = false;
  private tell: () => void = () => {};

  constructor(of: { client: Client; runId: string }) {
    this.of = of;
  }

  /** Resolves once; never while the server cannot be reached: then the looks find it out. */
  isHere(): Promise<void> {
    if (!this.isAsking) void this.ask();
    return new Promise((resolve) => {
      this.tell = resolve;
    });
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    const { client, runId } = this.of;
    try {
      await client.workflow.getHandle(runId).result();
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) {
        this.isAsking = false;
        return;
      }
    }
    this.tell();
  }
}

/** A view that is drawn anew in its place. */
class LiveView {
  private sight: Sight | null = null;
  private readonly onResize = () => {
    // Lines of another width lie elsewhere now: nothing of the old view can be found again.
    logUpdate.clear();
    cursorTo(process.stdout, 0, 0);
    clearScreenDown(process.stdout);
    if (this.sight) this.draw(this.sight);
  };

  constructor() {
    process.stdout.on('resize', this.onResize);
  }

  show(sight: Sight): void {
    this.sight = sight;
    this.draw(sight);
  }

  close(): void {
    process.stdout.off('resize', this.onResize);
    logUpdate.done();
  }

  private draw(sight: Sight): void {
    const { columns = 80, rows = 24 } = process.stdout;
    logUpdate(fitScreen(viewLines(sight), { columns, rows }).join('\n'));
  }
}

/** For logs and pipes: a line when something changes, and not more often than one reads. */
class Lines {
  private readonly say: (line: string) => void;
  private shown = { text: '', step: '', at: 0 };
  private losses = 0;

  constructor(say: (line: string) => void) {
    this.say = say;
  }

  show(sight: Sight, isOver: boolean): void {
    const { status } = sight;
    const lines = plainLines(sight);
    const text = lines.join('\n');
    const step = `${status.round} ${status.step} ${status.state}`;
    const isDue = step !== this.shown.step || isOver || Date.now() - this.shown.at > lineEveryMs;
    if (text !== this.shown.text && isDue) {
      for (const line of lines) this.say(line);
      this.shown = { text, step, at: Date.now() };
    }
    for (const loss of status.heldOutLoss.slice(this.losses)) this.say(lossLine(loss));
    this.losses = status.heldOutLoss.length;
  }

  close(): void {}
}
