/** Where each kind of activity runs, how long it may take, and how it is retried. */
import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type {
  CpuActivities,
  LimitActivities,
  StoreActivities,
  StudentActivities,
  TeacherActivities,
} from '../activities/types.js';

// In milliseconds: the SDK reads words anew for every call.

/** A server that was killed can leave an activity recorded as started with no worker; only its timeout frees it. */
const heartbeatTimeout = 20_000;
/** Until the cause is mended: nothing here gives a run up because of a machine. */
const retry = { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 60_000 };

/** Short reads and writes of the store, on the workflows' own queue. */
export const store = proxyActivities<StoreActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout,
  retry,
});

/** Closing the shards of a batch: as much as a hundred shards leave behind, one after another. */
export const closing = proxyActivities<Pick<StoreActivities, 'closeBatch'>>({
  startToCloseTimeout: '4 hours',
  heartbeatTimeout,
  retry,
});

/** Filter, composition and the measures of refinement: heavy, so on a queue of their own, which other processes or machines can serve. */
export const cpu = proxyActivities<CpuActivities>({
  taskQueue: 'cpu',
  startToCloseTimeout: '2 hours',
  heartbeatTimeout,
  retry,
});

/** Training and evaluation in Python; a step on a slow machine can take a minute, hence the longer silence. */
export const student = proxyActivities<StudentActivities>({
  taskQueue: 'student',
  startToCloseTimeout: '24 hours',
  heartbeatTimeout: '60 seconds',
  retry,
});

/** The server takes at most 64 bytes; run ids end in what tells them apart. */
function fairnessKey(runId: string): string {
  return runId.slice(-64);
}

/** What keeps the limits of the teachers' endpoints. */
export const endpoints = proxyActivities<LimitActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { ...retry, maximumInterval: '20 seconds' },
});

/** One teacher's endpoint has one queue, where its limits are kept. */
export function teacher(options: {
  queue: string;
  requestTimeoutMs: number;
  /** Fair share of the endpoint among the runs that use it. */
  runId: string;
}): ActivityInterfaceFor<TeacherActivities> {
  return proxyActivities<TeacherActivities>({
    taskQueue: options.queue,
    priority: { fairnessKey: fairnessKey(options.runId) },
    // Fresh samples and a slow store on top of one request; an orphan must never outlive its activity.
    startToCloseTimeout: options.requestTimeoutMs * 8 + 60_000,
    heartbeatTimeout,
    retry,
    // An aborted request still gets its row in the ledger before its shard is closed.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
}

/** The same for its batches, whose files are large. */
export function teacherBatches(options: {
  queue: string;
  runId: string;
  /** Without it: until the provider answers. */
  maximumAttempts?: number;
}): ActivityInterfaceFor<Omit<TeacherActivities, 'callTeacher'>> {
  const { maximumAttempts } = options;
  return proxyActivities<Omit<TeacherActivities, 'callTeacher'>>({
    taskQueue: options.queue,
    priority: { fairnessKey: fairnessKey(options.runId) },
    startToCloseTimeout: '4 hours',
    heartbeatTimeout,
    retry: { ...retry, ...(maximumAttempts !== undefined && { maximumAttempts }) },
    // Whoever looks for what it has done must not be faster than it is.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
}
