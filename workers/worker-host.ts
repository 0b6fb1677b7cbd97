/** Hosts workflows and activities of the queues that this process is asked to serve. */
import { ApplicationFailure, ApplicationFailureCategory, type Duration } from '@temporalio/common';
import { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import {
  type ActivityDeps,
  createCpuActivities,
  createStoreActivities,
  createTeacherActivities,
} from '../activities/create-activities.js';
import { createLimitActivities, holdsQueueRates } from '../activities/hold-limits.js';
import { type InFlight, TeacherClients } from '../activities/teacher-client/clients.js';
import { RecentRows } from '../activities/recent-rows.js';
import { RoundPrompts } from '../activities/round-prompts.js';
import { Runs } from '../activities/run-data.js';
import { WorkerShare } from '../activities/worker-share.js';
import { openStore } from '../store/open-store.js';
import { processWriter } from '../store/writer.js';
import { checkOpenRuns } from './check-open-runs.js';
import { computeIn, cpuThread } from './threads/cpu-thread.js';
import type { PinnedThread } from './threads/pinned-thread.js';
import { connectWorker, type TemporalTarget, targetFromEnvironment } from './temporal-connection.js';
import { loadWorkflowBundle } from './workflow-bundle.js';

export interface WorkerHostOptions {
  /** `seedmill`, `cpu` and any number of teachers' queues. */
  queues: string[];
  storeUrl: string;
  stateDir: string;
  target?: TemporalTarget;
  onReady?: () => void;
  /** Ends the workers: requests to teachers that are in flight finish and are stored, no other one begins. */
  signal?: AbortSignal;
  /** Called when that begins. */
  onStopping?: (inFlight: InFlight) => void;
  /** How long everything else may take to finish after that. */
  shutdownGraceTime?: Duration;
}

/**
 * What can be done again from the store (the filter, files) has this long to finish. Requests to teachers do not heed
 * its end: each has a time limit of its own, and its answer is being paid for.
 */
const shutdownGraceTime = '5 seconds';

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

/** Runs until `signal` fires, or a signal for which the SDK's runtime has a handler comes. Throws a UserError or ServiceError when store or server cannot be reached. */
export async function runWorkers(options: WorkerHostOptions): Promise<void> {
  const target = options.target ?? targetFromEnvironment();
  const { store, storeId } = await openStore(options.storeUrl);
  const connection = await connectWorker(target);
  const client = new Client({ connection, namespace: target.namespace });
  const runs = new Runs({ store, storeId });
  const deps: ActivityDeps = {
    runs,
    prompts: new RoundPrompts(runs),
    recent: new RecentRows(),
    writer: processWriter(),
    stateDir: options.stateDir,
    share: (await holdsQueueRates(client)) ? null : new WorkerShare(client),
    clients: new TeacherClients(),
  };
  const thread = cpuThread();
  try {
    const workers = await Promise.all(
      options.queues.map(async (taskQueue) =>
        Worker.create({
          ...(await queueOptions(taskQueue, deps, { target, client, thread })),
          taskQueue,
          connection,
          namespace: target.namespace,
          shutdownGraceTime: options.shutdownGraceTime ?? shutdownGraceTime,
        }),
      ),
    );
    const running = workers.map((worker) => worker.run());
    const stop = () => {
      const reason = workerStops();
      deps.clients.close(reason);
      deps.share?.close(reason);
      options.onStopping?.(deps.clients.inFlight);
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    if (options.signal?.aborted) stop();
    else options.signal?.addEventListener('abort', stop, { once: true });
    options.onReady?.();
    await Promise.all(running);
  } finally {
    await thread.close();
    await close(connection);
  }
}

async function queueOptions(
  queue: string,
  deps: ActivityDeps,
  { target, client, thread }: { target: TemporalTarget; client: Client; thread: PinnedThread },
): Promise<Omit<WorkerOptions, 'taskQueue' | 'connection' | 'namespace'>> {
  const cpuActivities = createCpuActivities(deps.runs, computeIn(thread, { storeUrl: deps.runs.store.url }));
  if (queue === 'seedmill') {
    const bundle = await loadWorkflowBundle();
    await checkOpenRuns({ target, store: deps.runs.store, bundle });
    // A run that an earlier version played may have its refinement scheduled here.
    const { refineSeeds } = cpuActivities;
    return {
      ...workflowWorker,
      workflowBundle: { code: bundle.code },
      activities: { ...createStoreActivities(deps), ...createLimitActivities(client), refineSeeds },
    };
  }
  if (queue === 'cpu') {
    // As many as there are threads for it: another process may be free.
    return { activities: { ...cpuActivities }, maxConcurrentActivityTaskExecutions: 1 };
  }
  return { ...teacherWorker, activities: { ...createTeacherActivities(deps) } };
}

/** For calls that want to send a request now; the next worker finds what they have stored so far. */
function workerStops(): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'this worker is stopping; the next one goes on with the call',
    type: 'WorkerStopping',
    nextRetryDelay: '1 second',
    category: ApplicationFailureCategory.BENIGN,
  });
}

async function close(connection: NativeConnection): Promise<void> {
  await connection.close();
}
