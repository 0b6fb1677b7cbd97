/**
 * When a change of settings holds in all of a run. An update returns before its change is known everywhere: it travels
 * from the run to the loop to the shards, which go on making calls until it has reached them, and what was scheduled by
 * then is still asked for.
 */
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { loopId } from '../workflows/ids.js';
import type { LoopState } from '../workflows/inputs.js';
import { settingsSignal, statusQuery } from '../workflows/messages.js';
import { until } from './until.js';

/** Waits until the loop and all its shards and batches have the settings that the run has now, or newer ones. */
export async function untilSettled(client: Client, runId: string): Promise<void> {
  await settled(client, runId);
}

/**
 * Waits until a run that is paused makes no call any more: nothing of it is scheduled, or being made, until somebody
 * resumes it.
 */
export async function untilQuiet(client: Client, runId: string): Promise<void> {
  // Looked at after the settings: what has them schedules no call, so that none can follow one that has ended.
  for (const id of await settled(client, runId)) {
    await until(async () => {
      const { raw } = await client.workflow.getHandle(id).describe();
      return raw.pendingActivities?.length === 0;
    });
  }
}

/** Ids of the shards and batches that the loop had when all had the settings. */
async function settled(client: Client, runId: string): Promise<string[]> {
  const { settings } = await client.workflow.getHandle(runId).query(statusQuery);
  // The loop first: what it starts from then on is started with these settings.
  await until(() => hasSettings(client, loopId(runId), settings.version));
  const { raw } = await client.workflow.getHandle(loopId(runId)).describe();
  const ids = (raw.pendingChildren ?? []).map(({ workflowId }) => workflowId as string);
  for (const id of ids) await until(() => hasSettings(client, id, settings.version));
  return ids;
}

/**
 * Whether a workflow was started with settings of this version, or has a signal with them in its history. What is in
 * the history counts, handled or not: an SDK hands a workflow its signals before the results that may be in the same
 * task, and what it decided without having seen the signal stands in the history before it. Also true for one that has
 * ended; false for one that is still being started.
 */
async function hasSettings(client: Client, workflowId: string, version: number): Promise<boolean> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const { events } = await handle.fetchHistory();
    if (events?.some((event) => versionIn(event) >= version)) return true;
    return (await handle.describe()).status.name !== 'RUNNING';
  } catch (error) {
    // gRPC's NOT_FOUND: a history is asked for past the client's own errors.
    const isMissing = isGrpcServiceError(error) && error.code === 5;
    if (isMissing || error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function versionIn(event: temporal.api.history.v1.IHistoryEvent): number {
  const started = event.workflowExecutionStartedEventAttributes;
  const signaled = event.workflowExecutionSignaledEventAttributes;
  if (started) return inputOf<Pick<LoopState, 'settings'>>(started).settings.version;
  if (signaled?.signalName !== settingsSignal.name) return Number.NEGATIVE_INFINITY;
  return inputOf<LoopState['settings']>(signaled).version;
}

function inputOf<T>({ input }: { input?: temporal.api.common.v1.IPayloads | null }): T {
  const [payload] = input?.payloads ?? [];
  if (payload == null) throw new Error('a workflow of the run has no input');
  return defaultPayloadConverter.fromPayload<T>(payload);
}
