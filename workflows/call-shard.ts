import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { CallFailure, CallResult, ShardSummary } from '../activities/types.js';
import { store, teacher } from './activities.js';
import type { ShardInput } from './inputs.js';
import { blockedSignal, type ShardProgress, settingsSignal, shardProgressQuery } from './messages.js';

/**
 * Makes the calls of one shard through a bounded window, then compacts what they left behind.
 * A call that the provider refuses to serve (key, quota) goes back to the list while the run is paused.
 */
export async function callShard(input: ShardInput): Promise<ShardSummary> {
  let settings = input.settings;
  const todo = Array.from({ length: input.to - input.from }, (_, n) => input.from + n);
  const failed: { callIndex: number; reason: CallFailure }[] = [];
  const progress: ShardProgress = {
    planned: todo.length,
    done: 0,
    inFlight: 0,
    failed: {},
    promptTokens: 0,
    completionTokens: 0,
  };
  const calls = new CancellationScope();
  let defect: unknown;
  let blockedVersion = 0;
  const { callTeacher } = teacher({ queue: input.teacherQueue, requestTimeoutMs: input.requestTimeoutMs });

  setHandler(shardProgressQuery, () => progress);
  setHandler(settingsSignal, (next) => {
    if (next.version > settings.version) settings = next;
    if (settings.cancel === 'now') calls.cancel();
  });

  while (!allDone() && settings.cancel === null) {
    // Fill the whole window in one workflow task: fewer, fuller tasks make the engine cheaper.
    while (canSchedule()) void makeCall(todo.shift() as number);
    await condition(() => settings.cancel !== null || canSchedule() || allDone() || defect !== undefined);
    if (defect !== undefined) throw defect;
  }
  await condition(() => progress.inFlight === 0);
  for (const callIndex of todo) fail(callIndex, 'cancelled');

  const { run, round, phase, shard, from, to } = input;
  return await store.closeShard.executeWithOptions(
    { summary: `round ${round} · ${phase} · close shard ${shard}` },
    [{ run, round, phase, shard, from, to, failed: failed.sort((a, b) => a.callIndex - b.callIndex) }],
  );

  // --- Helpers ---

  function canSchedule(): boolean {
    return todo.length > 0 && settings.paused === null && progress.inFlight < input.window;
  }

  function allDone(): boolean {
    return todo.length === 0 && progress.inFlight === 0;
  }

  async function makeCall(callIndex: number): Promise<void> {
    const { version } = settings;
    progress.inFlight += 1;
    try {
      const { run, round, phase, shard } = input;
      const summary = `round ${round} · ${phase} · call ${callIndex}`;
      settle(
        await calls.run(() =>
          callTeacher.executeWithOptions({ summary }, [{ run, round, phase, shard, callIndex }]),
        ),
      );
    } catch (error) {
      const refusal = accessRefusal(error);
      if (isCancellation(error)) fail(callIndex, 'cancelled');
      else if (refusal !== null) await putBack({ callIndex, version, refusal });
      else defect ??= error;
    } finally {
      progress.inFlight -= 1;
    }
  }

  function settle(result: CallResult): void {
    progress.done += 1;
    progress.promptTokens += result.promptTokens;
    progress.completionTokens += result.completionTokens;
    if (result.outcome === 'answered') return;
    progress.failed[result.outcome] = (progress.failed[result.outcome] ?? 0) + 1;
    if (result.outcome === 'invalid-request')
      failed.push({ callIndex: result.callIndex, reason: result.outcome });
  }

  function fail(callIndex: number, reason: CallFailure): void {
    progress.done += 1;
    progress.failed[reason] = (progress.failed[reason] ?? 0) + 1;
    failed.push({ callIndex, reason });
  }

  async function putBack(call: { callIndex: number; version: number; refusal: string }): Promise<void> {
    todo.unshift(call.callIndex);
    if (call.version < settings.version) return; // somebody resumed since: try again under the new settings
    if (blockedVersion < call.version) {
      blockedVersion = call.version; // the whole window fails at once; one message is enough
      await getExternalWorkflowHandle(input.run.runId).signal(blockedSignal, {
        version: call.version,
        pause: { by: 'provider', reason: call.refusal },
      });
    }
    await condition(() => settings.version > call.version);
  }
}

/** The provider's own words when it refuses to serve this key at all; null for any other failure. */
function accessRefusal(error: unknown): string | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === 'ProviderAccess' ? cause.message : null;
}
