/** Hosts workflows and activities of the queues that this process is asked to serve. */
import type { Duration } from '@temporalio/common';
import { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import {
  type ActivityDeps,
  createCpuActivities,
  createStoreActivities,
  createTeacherActivities,
} from '../activities/create-activities.js';
import { createLimitActivities, holdsQueueRates } from '../activities/hold-limits.js';
import { RoundPrompts } from '../activities/round-prompts.js';
import { Runs } from '../activities/run-data.js';
import { WorkerShare } from '../activities/worker-share.js';
import { openStore } from '../store/open-store.js';
import { processWriter } from '../store/writer.js';
import { checkOpenRuns } from './check-open-runs.js';
import { connectWorker, type TemporalTarget, targetFromEnvironment } from './temporal-connection.js';
import { loadWorkflowBundle } from './workflow-bundle.js';

export interface WorkerHostOptions {
  /** `seedmill`, `cpu` and any number of teachers' queues. */
  queues: string[];
  storeUrl: string;
  stateDir: string;
  target?: TemporalTarget;
  onReady?: () => void;
  /** Ends the workers, as SIGTERM does; without it only signals to the process do. */
  signal?: AbortSignal;
  /** How long calls in flight may take to finish after that. */
  shutdownGraceTime?: Duration;
}

/** Longer than any request to a teacher should take: what is in flight at SIGTERM finishes and is stored. */
const shutdownGraceTime = '150 seconds';

/** What a worker that runs workflows is set up with. */
export const workflowWorker = {
  // A run keeps about five workflows busy; the default grows with the heap and wins nothing here.
  maxCachedWorkflows: 200,
} satisfies Partial<WorkerOptions>;

/** What a worker that calls teachers is set up with. */
export const teacherWorker = {
  // Above the 200 calls that one run may have in flight, so that several runs share a queue without waiting.
  maxConcurrentActivityTaskExecutions: 1_000,
} satisfies Partial<WorkerOptions>;

/** Runs until SIGTERM or SIGINT. Throws a UserError or ServiceError when store or server cannot be reached. */
export async function runWorkers(options: WorkerHostOptions): Promise<void> {
  const target = options.target ?? targetFromEnvironment();
  const { store, storeId } = await openStore(options.storeUrl);
  const connection = await connectWorker(target);
  const client = new Client({ connection, namespace: target.namespace });
  const runs = new Runs({ store, storeId });
  const deps: ActivityDeps = {
    runs,
    prompts: new RoundPrompts(runs),
    writer: processWriter(),
    stateDir: options.stateDir,
    share: (await holdsQueueRates(client)) ? null : new WorkerShare(client),
  };
  try {
    const workers = await Promise.all(
      options.queues.map(async (taskQueue) =>
        Worker.create({
          ...(await queueOptions(taskQueue, deps, { target, client })),
          taskQueue,
          connection,
          namespace: target.namespace,
          shutdownGraceTime: options.shutdownGraceTime ?? shutdownGraceTime,
        }),
      ),
    );
    const running = workers.map((worker) => worker.run());
    const stop = () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    options.onReady?.();
    await Promise.all(running);
  } finally {
    await close(connection);
  }
}

async function queueOptions(
  queue: string,
  deps: ActivityDeps,
  { target, client }: { target: TemporalTarget; client: Client },
): Promise<Omit<WorkerOptions, 'taskQueue' | 'connection' | 'namespace'>> {
  if (queue === 'seedmill') {
    const bundle = await loadWorkflowBundle();
    await checkOpenRuns({ target, store: deps.runs.store, bundle });
    return {
      ...workflowWorker,
      workflowBundle: { code: bundle.code },
      activities: { ...createStoreActivities(deps), ...createLimitActivities(client) },
    };
  }
  if (queue === 'cpu') {
    return { activities: { ...createCpuActivities(deps) }, maxConcurrentActivityTaskExecutions: 2 };
  }
  return { ...teacherWorker, activities: { ...createTeacherActivities(deps) } };
}

async function close(connection: NativeConnection): Promise<void> {
  await connection.close();
}
