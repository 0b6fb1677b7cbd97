/** What keeps a run from going on, as the Temporal server knows it, in words for people. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { redact } from '../activities/teacher-client/redact.js';
import { loopId } from '../workflows/ids.js';

/** A long poll takes up to a minute; a poller that was not seen for longer is gone. */
const pollLastsMs = 75_000;
/** The shards at work are the newest ones. */
const shardsLookedAt = 8;
/** What a workflow's last tasks left in its history. */
const eventsLookedAt = 5;
const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const { PENDING_ACTIVITY_STATE_SCHEDULED } = proto.temporal.api.enums.v1.PendingActivityState;

type Description = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>['raw'];
type PendingActivity = NonNullable<Description['pendingActivities']>[number];

/** Queues without workers, and limits that the server does not keep. */
export async function problemsOfQueues(client: Client, queues: string[]): Promise<string[]> {
  const found = await Promise.all([
    queuesWithoutWorkers(client, queues),
    limitsHeldByWorkers(client, queues),
  ]);
  return found.flat();
}

/** Queues that nobody has polled for longer than a poll lasts. */
async function queuesWithoutWorkers(client: Client, queues: string[]): Promise<string[]> {
  const idle = await Promise.all(
    queues.map(async (queue) => {
      const { pollers } = await client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: queue },
        taskQueueType: queue === 'seedmill' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
      });
      const lastMs = pollers.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000);
      return Math.max(0, ...lastMs) > Date.now() - pollLastsMs ? [] : [queue];
    }),
  );
  return idle
    .flat()
    .map((queue) => `no worker serves the queue ${queue}: "seedmill up" starts those of this machine`);
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

/** Failures that are being retried: workflow tasks, and pending activities, each kind once. */
export async function problemsOfWork(
  client: Client,
  { runId, queues }: { runId: string; queues: string[] },
): Promise<string[]> {
  const loop = await describe(client, loopId(runId));
  // Known to the server, also while no worker can say which shards there are.
  const children = (loop?.pendingChildren ?? []).map(({ workflowId }) => workflowId as string);
  // A queue's name is the id of the workflow that keeps its limits.
  const others = [runId, ...children.slice(-shardsLookedAt), ...queues.filter(isTeacherQueue)];
  const descriptions = await Promise.all(
    others.map(async (id) => ({ id, found: await describe(client, id) })),
  );
  const all = [...descriptions, { id: loopId(runId), found: loop }];
  const failing = await Promise.all(all.map(({ id, found }) => taskProblem(client, id, found)));
  const pending = all.flatMap(({ found }) => found?.pendingActivities ?? []);
  return [...failing.flat(), ...activityProblems(pending)];
}

/** null: not started yet, or closed meanwhile. */
async function describe(client: Client, workflowId: string): Promise<Description | null> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).raw;
  } catch (error) {
    return noKeeper(error);
  }
}

/** A workflow whose code fails is tried again for ever, and nothing else shows it. */
async function taskProblem(client: Client, workflowId: string, found: Description | null): Promise<string[]> {
  const attempt = found?.pendingWorkflowTask?.attempt ?? 0;
  if (attempt < 2) return [];
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId },
    maximumPageSize: eventsLookedAt,
  });
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  const message = failed?.workflowTaskFailedEventAttributes?.failure?.message;
  // One that timed out once has met a worker that died or was busy.
  if (!message && attempt < 3) return [];
  const why = message ? redact(message) : 'it times out';
  return [`${workflowId}: its workflow task fails, attempt ${attempt}: ${why}`];
}

/** Each message once, with how many wait for the same and how often it was tried. */
function activityProblems(pending: readonly PendingActivity[]): string[] {
  const kinds = new Map<string, { type: string; message: string; count: number; attempt: number }>();
  const problems = new Set<string>();
  for (const { activityType, lastFailure, scheduledTime, state, attempt } of pending) {
    const type = activityType?.name ?? 'an activity';
    const scheduledMs = Number(scheduledTime?.seconds ?? 0) * 1000;
    const isWaiting = state === PENDING_ACTIVITY_STATE_SCHEDULED && !lastFailure;
    if (type === 'trainRound' && isWaiting && scheduledMs < Date.now() - pollLastsMs)
      problems.add('the student is not running: "seedmill up" starts it on this machine');
    if (!lastFailure?.message) continue;
    const message = redact(lastFailure.message);
    const kind = kinds.get(`${type} ${message}`) ?? { type, message, count: 0, attempt: 0 };
    kinds.set(`${type} ${message}`, kind);
    kind.count += 1;
    kind.attempt = Math.max(kind.attempt, attempt ?? 0);
  }
  const failing = [...kinds.values()].sort((a, b) => b.count - a.count);
  return [
    ...problems,
    ...failing.map(({ type, message, count, attempt }) => {
      const several = count > 1 ? `${count} × ` : '';
      return `${several}${type}, attempt ${attempt}: ${message}`;
    }),
  ];
}
