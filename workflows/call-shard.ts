import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setHandler,
} from '@temporalio/workflow';
import type { CallFailure, ShardSummary } from '../activities/types.js';
import { store, teacher } from './activities.js';
import type { ShardInput } from './inputs.js';
import { blockedSignal, settingsSignal } from './messages.js';

/**
 * Makes the calls of one shard through a bounded window, then compacts what they left behind.
 * A call that the provider refuses to serve (key, quota) goes back to the list while the run is paused.
 */
export async function callShard(input: ShardInput): Promise<ShardSummary> {
  const { run, round, phase, shard, from, to } = input;
  let settings = input.settings;
  const todo = Array.from({ length: to - from }, (_, n) => from + n);
  const failed: { callIndex: number; reason: CallFailure }[] = [];
  const calls = new CancellationScope();
  const { callTeacher } = teacher({ queue: input.teacherQueue, requestTimeoutMs: input.requestTimeoutMs });
  let inFlight = 0;
  let blockedVersion = 0;
  let defect: unknown;

  setHandler(settingsSignal, (next) => {
    if (next.version > settings.version) settings = next;
    if (settings.cancel === 'now') calls.cancel();
  });

  while (!isDone() && settings.cancel === null && defect === undefined) {
    // Fill the whole window in one workflow task: fewer, fuller tasks make the engine cheaper.
    while (canSchedule()) void makeCall(todo.shift() as number);
    await condition(() => settings.cancel !== null || canSchedule() || isDone() || defect !== undefined);
  }
  await condition(() => inFlight === 0 || defect !== undefined);
  if (defect !== undefined) throw defect;
  for (const callIndex of todo) failed.push({ callIndex, reason: 'cancelled' });

  return await store.closeShard.executeWithOptions(
    { summary: `round ${round} · ${phase} · close shard ${shard}` },
    [{ run, round, phase, shard, from, to, failed: failed.sort((a, b) => a.callIndex - b.callIndex) }],
  );

  // --- Helpers ---

  function canSchedule(): boolean {
    return todo.length > 0 && settings.paused === null && inFlight < input.window;
  }

  function isDone(): boolean {
    return todo.length === 0 && inFlight === 0;
  }

  async function makeCall(callIndex: number): Promise<void> {
    const { version } = settings;
    inFlight += 1;
    try {
      const summary = `round ${round} · ${phase} · call ${callIndex}`;
      const { outcome } = await calls.run(() =>
        callTeacher.executeWithOptions({ summary }, [{ run, round, phase, shard, callIndex }]),
      );
      // Stored answers speak for themselves when the shard closes; a request that was refused left none.
      if (outcome !== 'answered') failed.push({ callIndex, reason: outcome });
    } catch (error) {
      const refusal = accessRefusal(error);
      // A call that fails while it is being aborted comes back as failed, not as cancelled.
      if (isCancellation(error) || settings.cancel === 'now') failed.push({ callIndex, reason: 'cancelled' });
      else if (refusal !== null) await putBack({ callIndex, version, refusal });
      else defect ??= error;
    } finally {
      inFlight -= 1;
    }
  }

  async function putBack(call: { callIndex: number; version: number; refusal: string }): Promise<void> {
    todo.unshift(call.callIndex);
    if (call.version < settings.version) return; // somebody resumed since: try again under the new settings
    if (blockedVersion < call.version) {
      blockedVersion = call.version; // the whole window fails at once; one message is enough
      await askForHelp(call);
    }
    await condition(() => settings.version > call.version);
  }

  async function askForHelp({ version, refusal }: { version: number; refusal: string }): Promise<void> {
    try {
      const pause = { by: 'provider', reason: refusal };
      await getExternalWorkflowHandle(run.runId).signal(blockedSignal, { version, pause });
    } catch (error) {
      // The run was terminated from outside: nobody can resume this shard, so it ends with what it has.
      log.warn('the run is gone; the shard ends', { error });
      settings = { version: version + 1, paused: null, cancel: 'finish' };
    }
  }
}

/** The provider's own words when it refuses to serve this key at all; null for any other failure. */
function accessRefusal(error: unknown): string | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === 'ProviderAccess' ? cause.message : null;
}
