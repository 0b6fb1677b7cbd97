/** A run as the Temporal server has it: queries, updates, and what keeps it from going on. */
import { randomUUID } from 'node:crypto';
import {
  type Client,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { UserError } from '../store/errors.js';
import { messageOf } from '../workers/service-error.js';
import type { RunStatus } from '../workflows/messages.js';
import { problemsOfQueues, problemsOfWork } from './run-problems.js';

/** A query waits this long; figures from the store are shown without it. */
const queryTimeoutMs = 500;
/** What the server itself knows needs no worker, but several questions. */
const askTimeoutMs = 900;
/** A steering command waits this long for a worker to take it. */
const updateTimeoutMs = 10_000;

export interface LiveRun {
  /** The server's own word: RUNNING, COMPLETED, FAILED, TERMINATED, …; null: it does not know the run. */
  execution: string | null;
  /** The run's answer to the query; null when no worker answered in time. */
  status: RunStatus | null;
  /** What keeps the run from going on, in words. */
  problems: string[];
}

/** What the server says of a run; nulls when it says nothing in time. Never throws. */
export async function lookAt(
  client: Client,
  { runId, queues }: { runId: string; queues: string[] },
): Promise<LiveRun> {
  const handle = client.workflow.getHandle(runId);
  // All at once: whoever looks waits for the slowest, not for their sum.
  const asking = {
    execution: soon(client, async () => (await handle.describe()).status.name),
    status: soon(client, () => handle.query<RunStatus, []>('status'), queryTimeoutMs),
    ofQueues: soon(client, () => problemsOfQueues(client, queues)),
    ofWork: soon(client, () => problemsOfWork(client, { runId, queues })),
  };
  const execution = await asking.execution;
  if (execution !== 'RUNNING') return { execution, status: null, problems: [] };
  const [status, ofQueues, ofWork] = await Promise.all([asking.status, asking.ofQueues, asking.ofWork]);
  const silent = `the run has not answered within ${queryTimeoutMs / 1000} s: its worker is busy or away; state and budget are as they were recorded`;
  return {
    execution,
    status,
    problems: [...(ofQueues ?? []), ...(ofWork ?? []), ...(status === null ? [silent] : [])],
  };
}

/** null when it fails or takes too long: whoever looks every second can wait for the next look. */
async function soon<T>(client: Client, ask: () => Promise<T>, withinMs = askTimeoutMs): Promise<T | null> {
  try {
    return await client.withDeadline(Date.now() + withinMs, ask);
  } catch {
    return null;
  }
}

/**
 * Sends one steering update. Its id makes a retry of the same request harmless.
 * @throws UserError saying why nothing has changed.
 */
export async function steer<Arg>(
  client: Client,
  options: { runId: string; update: string; arg: Arg },
): Promise<RunStatus> {
  const { runId, update, arg } = options;
  const handle = client.workflow.getHandle(runId);
  const inTime = <T>(work: () => Promise<T>) => client.withDeadline(Date.now() + updateTimeoutMs, work);
  try {
    // A question first: the server forgets it when nobody answers, but would keep an update and pass it on later.
    await inTime(() => handle.query<RunStatus, []>('status'));
  } catch (error) {
    throw new UserError(`${update} ${runId}: nothing has changed: ${whyNot(error)}`);
  }
  try {
    return await inTime(() =>
      handle.executeUpdate<RunStatus, [Arg]>(update, { args: [arg], updateId: `${update}-${randomUUID()}` }),
    );
  } catch (error) {
    if (isTimeout(error)) {
      throw new UserError(
        `${update} ${runId}: the worker went away; the change is made when one is back, if the server still has it`,
      );
    }
    throw new UserError(`${update} ${runId}: nothing has changed: ${whyNot(error)}`);
  }
}

/** gRPC's DEADLINE_EXCEEDED, however the SDK wraps it. */
function isTimeout(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (isGrpcServiceError(error)) return error.code === 4;
  return error instanceof Error && error.cause !== undefined && isTimeout(error.cause);
}

function whyNot(error: unknown): string {
  if (error instanceof WorkflowUpdateFailedError) return messageOf(error.cause ?? error);
  if (error instanceof WorkflowNotFoundError) return 'no such run is open on this server';
  if (isTimeout(error)) {
    return `no worker took it within ${updateTimeoutMs / 1000} s; is one running? "seedmill doctor" tells, "seedmill up" starts one`;
  }
  return messageOf(error);
}
