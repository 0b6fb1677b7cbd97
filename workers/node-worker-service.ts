/** The Node worker process: workflows, light I/O, filter and teacher calls, as its queues say. */
import path from 'node:path';
import proto from '@temporalio/proto';
import { fingerprint, hashOfFiles } from './fingerprint.js';
import { isCompiled, packageRoot } from './folders.js';
import { type OwnedProcess, ownLog } from './processes.js';
import type { Service } from './service.js';
import { connectClient, environmentFor, type TemporalTarget } from './temporal-connection.js';

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const sourceFolders = ['activities', 'methods', 'similarity', 'store', 'workers', 'workflows'];

export async function nodeWorkerService(options: {
  stateDir: string;
  storeUrl: string;
  queues: string[];
  target: TemporalTarget;
  env: NodeJS.ProcessEnv;
}): Promise<Service> {
  const { stateDir, storeUrl, queues, target, env } = options;
  const [entry, loader] = isCompiled
    ? [path.join(packageRoot, 'dist', 'workers', 'main.js'), []]
    : [path.join(packageRoot, 'workers', 'main.ts'), ['--import', import.meta.resolve('tsx')]];
  const args = [...loader, entry, '--queues', queues.join(',')];
  const build = isCompiled
    ? await hashOfFiles([path.join(packageRoot, 'dist')], ['.js', '.mjs', '.cjs'])
    : await hashOfFiles(
        sourceFolders.map((folder) => path.join(packageRoot, folder)),
        ['.ts', '.mjs'],
      );
  const { address, namespace } = target;
  return {
    name: 'worker',
    label: 'Worker',
    command: process.execPath,
    args,
    env: { ...environmentFor(target, env), SEEDMILL_STORE: storeUrl, SEEDMILL_STATE_DIR: stateDir },
    fingerprint: fingerprint(
      { args, node: process.version, build, storeUrl, stateDir, address, namespace },
      env,
    ),
    ports: async () => ({}),
    readyWithinMs: 120_000,
    isReady: (owned) => polls({ target, queues, owned }),
  };
}

/**
 * Does this very process poll its queues? Pollers of a dead process stay listed for minutes, so the identity's pid
 * (`pid@host`, the SDK's default) decides. Teachers' queues have their own names: without another queue the log's
 * line `ready` decides.
 */
async function polls(options: {
  target: TemporalTarget;
  queues: string[];
  owned: OwnedProcess;
}): Promise<boolean> {
  const { target, queues, owned } = options;
  const named = queues.filter((queue) => queue === 'seedmill' || queue === 'cpu');
  if (named.length === 0) return /\bready\b/i.test(await ownLog(owned));
  for (const queue of named) {
    const type = queue === 'seedmill' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY;
    if (!(await isPolledBy({ target, queue, type, pid: owned.pid }))) return false;
  }
  return true;
}

/** Is a worker with this pid in its identity polling the queue? */
export async function isPolledBy(options: {
  target: TemporalTarget;
  queue: string;
  type: number;
  pid: number;
}): Promise<boolean> {
  const { target, queue, type, pid } = options;
  const { connection } = await connectClient(target);
  try {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace: target.namespace,
      taskQueue: { name: queue },
      taskQueueType: type,
    });
    return pollers.some(({ identity }) => new RegExp(`(^|\\D)${pid}(\\D|$)`).test(identity ?? ''));
  } finally {
    await connection.close();
  }
}
