/** A run as the Temporal server has it: queries, updates, and what keeps it from going on. */
import { randomUUID } from 'node:crypto';
import {
  type Client,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import proto from '@temporalio/proto';
import { redact } from '../activities/teacher-client/redact.js';
import { UserError } from '../store/errors.js';
import { messageOf } from '../workers/service-error.js';
import { loopId } from '../workflows/ids.js';
import type { RunStatus } from '../workflows/messages.js';

/** A query waits this long; figures from the store are shown without it. */
const queryTimeoutMs = 500;
/** A long poll takes up to a minute; a poller that was not seen for longer is gone. */
const pollLastsMs = 75_000;
/** The shards at work are the newest ones. */
const shardsLookedAt = 8;
const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const { PENDING_ACTIVITY_STATE_SCHEDULED } = proto.temporal.api.enums.v1.PendingActivityState;
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
export async function lookAt(
  client: Client,
  { runId, queues }: { runId: string; queues: string[] },
): Promise<LiveRun> {
  const handle = client.workflow.getHandle(runId);
  const execution = await soon(client, async () => (await handle.describe()).status.name);
  if (execution !== 'RUNNING') return { execution, status: null, problems: [] };
  const [status, idle, unheld] = await Promise.all([
    soon(client, () => handle.query<RunStatus, []>('status')),
    soon(client, () => queuesWithoutWorkers(client, queues)),
    soon(client, () => limitsHeldByWorkers(client, queues)),
  ]);
  const shards = (status?.loop?.shards ?? []).slice(-shardsLookedAt);
  // A queue's name is the id of the workflow that keeps its limits.
  const workflows = [runId, loopId(runId), ...shards, ...queues.filter(isTeacherQueue)];
  const failing = await soon(client, () => problemsOf(client, workflows));
  return { execution, status, problems: [...(idle ?? []), ...(unheld ?? []), ...(failing ?? [])] };
}

/** null when it fails or takes too long: whoever looks every second can wait for the next look. */
async function soon<T>(client: Client, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await client.withDeadline(Date.now() + queryTimeoutMs, ask);
  } catch {
    return null;
  }
}

/** Queues that nobody has polled for longer than a poll lasts. */
async function queuesWithoutWorkers(client: Client, queues: string[]): Promise<string[]> {
  const idle: string[] = [];
  for (const queue of queues) {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: queue },
      taskQueueType: queue === 'seedmill' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
    });
    const lastMs = pollers.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000);
    if (Math.max(0, ...lastMs) > Date.now() - pollLastsMs) continue;
    idle.push(`no worker serves the queue ${queue}: "seedmill up" starts those of this machine`);
  }
  return idle;
}

/** Limits that the server cannot keep, so that they hold only as long as every worker is seen. */
async function limitsHeldByWorkers(client: Client, queues: string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const queue of queues.filter(isTeacherQueue)) {
    const keeper = await client.workflow.getHandle(queue).describe().catch(noKeeper);
    if (keeper?.status.name !== 'RUNNING' || keeper.memo?.heldBy !== 'workers') continue;
    problems.push(
      `this Temporal server cannot limit the rate of ${queue} (it needs version 1.29 and the permission to): each worker keeps its share of the limits instead`,
    );
  }
  return problems;
}

function isTeacherQueue(queue: string): boolean {
  return queue.startsWith('teacher-');
}

/** A queue without limits has no workflow that keeps them. */
function noKeeper(error: unknown): null {
  if (error instanceof WorkflowNotFoundError) return null;
  throw error;
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
        const scheduledMs = Number(activity.scheduledTime?.seconds ?? 0) * 1000;
        const isWaiting = activity.state === PENDING_ACTIVITY_STATE_SCHEDULED && !message;
        if (type === 'trainRound' && isWaiting && scheduledMs < Date.now() - pollLastsMs) {
          problems.set(type, 'the student is not running: "seedmill up" starts it on this machine');
        }
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
