/** A run as the Temporal server has it: queries, updates, and what keeps it from going on. */
import { randomUUID } from 'node:crypto';
import {
  type Client,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { redact } from '../activities/teacher-client/redact.js';
import { UserError } from '../store/errors.js';
import { messageOf } from '../workers/service-error.js';
import { loopId } from '../workflows/ids.js';
import type { RunStatus } from '../workflows/messages.js';

/** A query waits this long; figures from the store are shown without it. */
const queryTimeoutMs = 500;
/** A steering command waits this long for a worker to take it. */
const updateTimeoutMs = 10_000;

export interface LiveRun {
  /** The server's own word: RUNNING, COMPLETED, FAILED, TERMINATED, …; null: it does not know the run. */
  execution: string | null;
  /** The run's answer to the query; null when no worker answered in time. */
  status: RunStatus | null;
  /** Pending activities that failed, in words. */
  problems: string[];
}

/** What the server says of a run; nulls when it says nothing in time. Never throws. */
export async function lookAt(client: Client, runId: string): Promise<LiveRun> {
  const nothing: LiveRun = { execution: null, status: null, problems: [] };
  try {
    return await client.withDeadline(Date.now() + queryTimeoutMs, async () => {
      const handle = client.workflow.getHandle(runId);
      const { status } = await handle.describe();
      if (status.name !== 'RUNNING') return { ...nothing, execution: status.name };
      const [live, problems] = await Promise.all([
        handle.query<RunStatus, []>('status').catch(() => null),
        problemsOf(client, [runId, loopId(runId)]),
      ]);
      const shards = live?.loop ? await problemsOf(client, live.loop.shards.slice(0, 4)) : [];
      return { execution: 'RUNNING', status: live, problems: [...problems, ...shards] };
    });
  } catch {
    return nothing;
  }
}

/** Failures that are being retried: pending activities and workflow tasks, each kind once. */
async function problemsOf(client: Client, workflowIds: string[]): Promise<string[]> {
  const problems = new Map<string, string>();
  for (const workflowId of workflowIds) {
    try {
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      for (const activity of raw.pendingActivities ?? []) {
        const message = activity.lastFailure?.message;
        const type = activity.activityType?.name ?? 'an activity';
        if (message)
          problems.set(`${type} ${message}`, `${type} (attempt ${activity.attempt}): ${redact(message)}`);
      }
      const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
      if (attempt > 2) problems.set(workflowId, `${workflowId}: its workflow task fails, attempt ${attempt}`);
    } catch {
      // A shard that has closed meanwhile, or a server that is busy: the next look tells.
    }
  }
  return [...problems.values()];
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
