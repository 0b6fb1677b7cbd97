/** The loop that seedmill is compared with: nothing but activities, so many in flight at once. */
import { continueAsNew, proxyActivities } from '@temporalio/workflow';

export interface LoopInput {
  /** What each activity does: nothing, or ask the teacher. */
  activity: 'nothing' | 'ask';
  activityQueue: string;
  /** Index of the next call. */
  from: number;
  /** Index behind the last call. */
  to: number;
  /** Activities in flight at once. */
  window: number;
}

/** Both return a constant. */
export interface LoopActivities {
  nothing(input: { call: number }): Promise<{ outcome: 'answered' }>;
  ask(input: { call: number }): Promise<{ outcome: 'answered' }>;
}

/** Keeps a history under 10,240 events. */
const callsPerRun = 1_000;

export async function benchLoop(input: LoopInput): Promise<void> {
  const { activity, activityQueue, window } = input;
  const activities = proxyActivities<LoopActivities>({
    taskQueue: activityQueue,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '20 seconds',
  });
  const end = Math.min(input.to, input.from + callsPerRun);
  let next = input.from;
  const lane = async () => {
    while (next < end) await activities[activity]({ call: next++ });
  };
  await Promise.all(Array.from({ length: window }, lane));
  if (end < input.to) await continueAsNew<typeof benchLoop>({ ...input, from: end });
}
