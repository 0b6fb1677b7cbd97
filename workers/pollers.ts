/** Whether a worker is really at work: the server sees it polling. */
import proto from '@temporalio/proto';
import type { OwnedProcess } from './processes.js';
import { connectClient, type TemporalTarget } from './temporal-connection.js';

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

/**
 * Does this very process poll all its queues? Pollers of a dead process stay listed for minutes, so the pid in the
 * identity (`pid@host`, the SDKs' default) decides.
 */
export async function pollsItsQueues(options: {
  target: TemporalTarget;
  owned: OwnedProcess;
}): Promise<boolean> {
  const { target, owned } = options;
  const isThisProcess = new RegExp(`(^|\\D)${owned.pid}(\\D|$)`);
  const { connection } = await connectClient(target);
  try {
    for (const queue of owned.queues) {
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace: target.namespace,
        taskQueue: { name: queue },
        taskQueueType: queue === 'seedmill' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
      });
      if (!pollers.some(({ identity }) => isThisProcess.test(identity ?? ''))) return false;
    }
    return true;
  } finally {
    await connection.close();
  }
}
