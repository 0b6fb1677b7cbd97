/** The activities that keep the limits of the teachers' endpoints on the Temporal server. */
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { LimitActivities, QueueLimits } from './types.js';

/** As `limitsDeclaredSignal` in workflows/messages.ts. */
const signalName = 'limitsDeclared';
const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;
/** gRPC's codes of a call that the server does not know, or that this worker may not make. */
const unimplemented = 12;
const permissionDenied = 7;

/** `client`: of the server and namespace that the worker is connected to. */
export function createLimitActivities(client: Client): LimitActivities {
  return {
    declareLimits: async ({ runId, limits }) => {
      for (const of of limits) await declare(client, runId, of);
    },
    setQueueRate: async (input) => ({ heldBy: (await setQueueRate(client, input)) ? 'server' : 'workers' }),
    findEndedRuns: async ({ runIds }) => {
      const ended: string[] = [];
      for (const runId of runIds) if (await hasEnded(client, runId)) ended.push(runId);
      return ended;
    },
  };
}

async function declare(client: Client, runId: string, { queue, ...limits }: QueueLimits): Promise<void> {
  const declared = { runId, ...limits };
  if (limits.requestsPerMinute !== null || limits.tokensPerMinute !== null) {
    await client.workflow.signalWithStart('teacherLimits', {
      signal: signalName,
      signalArgs: [declared],
      workflowId: queue,
      taskQueue: 'seedmill',
      args: [],
      staticSummary: `limits of ${queue}`,
    });
    return;
  }
  try {
    await client.workflow.getHandle(queue).signal(signalName, declared);
  } catch (error) {
    // Nobody keeps limits for this endpoint any more: there is none to leave.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** Whether the server keeps the rate of a queue for this worker. */
export async function holdsQueueRates(client: Client): Promise<boolean> {
  try {
    await client.workflowService.updateTaskQueueConfig({
      namespace: client.options.namespace,
      identity: client.options.identity,
      taskQueue: 'seedmill',
      // Nothing can be set for workflow tasks: a server that knows the call refuses it.
      taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
    });
    return true;
  } catch (error) {
    return !isImpossible(error);
  }
}

/** False: the server cannot do it. */
async function setQueueRate(
  client: Client,
  { queue, perSecond }: { queue: string; perSecond: number | null },
): Promise<boolean> {
  try {
    await client.workflowService.updateTaskQueueConfig({
      namespace: client.options.namespace,
      identity: client.options.identity,
      taskQueue: queue,
      taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
      updateQueueRateLimit:
        perSecond === null ? {} : { rateLimit: { requestsPerSecond: perSecond }, reason: 'teacher limits' },
    });
    return true;
  } catch (error) {
    if (isImpossible(error)) return false;
    throw error;
  }
}

function isImpossible(error: unknown): boolean {
  return isGrpcServiceError(error) && (error.code === unimplemented || error.code === permissionDenied);
}

async function hasEnded(client: Client, runId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(runId).describe()).status.name !== 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
