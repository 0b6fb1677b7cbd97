/** Shows a run's progress until it ends, or until the person has seen enough. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import logUpdate from 'log-update';
import { runFiles } from '../activities/run-files.js';
import { readJsonIfAny } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import { lookAt } from './live-run.js';
import { lossLine, progressBlock, progressLine, stateWord } from './progress-lines.js';
import type { RunManifest } from './run-identity.js';
import { readStatus, type StatusReport } from './status.js';

const lookEveryMs = 1_000;
/** Without a terminal a line is printed when the step changes, and at least this often while figures change. */
const lineEveryMs = 10_000;

const ended = new Set(['finished', 'cancelled', 'failed']);

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
  const { isTerminal, signal, say } = options;
  const show = isTerminal ? redraw : plainLines(say);
  const end = new EndOfRun(options);
  for (;;) {
    const lookedAt = performance.now();
    const { status, problems } = await look(options);
    const isOver = ended.has(status.state) || signal.aborted;
    show({ status, problems, isOver });
    if (isOver) {
      if (isTerminal) logUpdate.done();
      return status;
    }
    // A round of many thousand calls takes a while to read: looking must not become the work.
    const pauseMs = Math.max(lookEveryMs, 10 * (performance.now() - lookedAt));
    await Promise.race([sleep(pauseMs, undefined, { signal }).catch(() => {}), end.isHere()]);
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

interface Sight {
  status: StatusReport;
  problems: string[];
  isOver: boolean;
}

function redraw({ status, problems }: Sight): void {
  logUpdate([progressBlock(status), ...problems.map((problem) => `! ${problem}`)].join('\n'));
}

/** For logs and pipes: a line when something changes, and not more often than one reads. */
function plainLines(say: (line: string) => void): (sight: Sight) => void {
  let shown = { line: '', step: '', at: 0 };
  let losses = 0;
  return ({ status, problems, isOver }) => {
    const state = status.paused ? stateWord(status) : progressLine(status);
    const line = [state, ...problems.map((problem) => `! ${problem}`)].join('\n');
    const step = `${status.round} ${status.step} ${status.state}`;
    const isDue = step !== shown.step || isOver || Date.now() - shown.at > lineEveryMs;
    if (line !== shown.line && isDue) {
      say(line);
      shown = { line, step, at: Date.now() };
    }
    for (const loss of status.heldOutLoss.slice(losses)) say(lossLine(loss));
    losses = status.heldOutLoss.length;
  };
}

/** Store and server together. A run whose workflow ended without a result has failed. */
export async function look(options: {
  store: Store;
  client: Client | null;
  runId: string;
}): Promise<{ status: StatusReport; problems: string[] }> {
  const { store, client, runId } = options;
  const queues = client ? await queuesOf(store, runId) : [];
  const live = client ? await lookAt(client, { runId, queues }) : null;
  const status = await readStatus(store, runId, live?.status ?? undefined);
  const execution = live?.execution ?? null;
  if (execution !== null && execution !== 'RUNNING' && status.dataset === null) {
    const why = `its workflow is ${execution} in Temporal; the same command starts it again from the store`;
    return { status: { ...status, state: 'failed', stopReason: status.stopReason ?? why }, problems: [] };
  }
  // What the store recorded last may be of an earlier start of this run.
  const isOutdated = execution === 'RUNNING' && status.dataset === null && ended.has(status.state);
  return { status: isOutdated ? { ...status, state: 'running' } : status, problems: live?.problems ?? [] };
}

/** The queues that a run needs workers on; none for a run that is not there. */
async function queuesOf(store: Store, runId: string): Promise<string[]> {
  const manifest = await readJsonIfAny<RunManifest>(store, runFiles(runId).manifest);
  // Not the student's: its worker takes one round at a time and does not poll meanwhile.
  return manifest ? ['seedmill', 'cpu', ...manifest.teacherQueues] : [];
}
