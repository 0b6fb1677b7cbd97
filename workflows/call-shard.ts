import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  type SignalDefinition,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CallFailure, CallResult, ShardSummary, Spend } from '../activities/types.js';
import { store, teacher } from './activities.js';
import { hasBudget, Purse } from './budget.js';
import { CallReports } from './call-reports.js';
import { loopId } from './ids.js';
import type { PartResult, PhaseTeacher, ShardInput } from './inputs.js';
import { blockedSignal, leaseSignal, leaseWantedSignal, settingsSignal } from './messages.js';
import { windowOf } from './phase-parts.js';
import { StandIns } from './stand-ins.js';

/**
 * Makes the calls of one shard through a bounded window, then compacts what they left behind. Each call's highest
 * cost is reserved before it is made. A call that the provider refuses to serve (key, quota) goes back to the list
 * while the run is paused.
 */
export async function callShard(input: ShardInput): Promise<ShardSummary & PartResult> {
  const { run, round, phase, shard, from, to, teachers, lane, highest } = input;
  let settings = input.settings;
  const todo = Array.from({ length: to - from }, (_, n) => from + n);
  const failed: { callIndex: number; reason: CallFailure }[] = [];
  const calls = new CancellationScope();
  const purse = new Purse({ highest, lease: input.lease });
  const standIns = new StandIns(teachers.length);
  const reports = new CallReports({ runId: run.runId, phase, teachers, highest });
  const activitiesAt = teachers.map((at) => teacher({ ...at, runId: run.runId }));
  const stoodIn: { callIndex: number; place: number }[] = [];
  let inFlight = 0;
  let blockedVersion = 0;
  let asked: { number: number; isIdle: boolean } | null = null;
  let leaseRequests = 0;
  let defect: unknown;

  setHandler(settingsSignal, (next) => {
    if (next.version <= settings.version) return;
    settings = next;
    if (settings.cancel === 'now') calls.cancel();
    // There may be a budget now, or less of it: what is in flight goes on, and more has to be asked for.
    if (hasBudget(settings.budget)) purse.giveBack();
  });
  setHandler(leaseSignal, ({ number, version, lease }) => {
    if (asked?.number !== number) return;
    asked = null;
    if (version >= settings.version) purse.refill(lease);
  });

  reports.begin(settings);
  while (!isDone() && settings.cancel === null && defect === undefined) {
    if (canSchedule()) fillWindow();
    if (needsLease()) await askForLease();
    await condition(
      () => settings.cancel !== null || canSchedule() || needsLease() || isDone() || defect !== undefined,
    );
  }
  const isOver = () => inFlight === 0 || defect !== undefined;
  // What is on its way may finish; a call that is still there after that waits for an endpoint that does not answer.
  if (settings.cancel === 'finish' && !(await condition(isOver, patienceMs(teachers)))) calls.cancel();
  await condition(isOver);
  if (defect !== undefined) throw defect;
  await reports.close(settings);
  for (const callIndex of todo) failed.push({ callIndex, reason: 'cancelled' });

  for (const calls of [failed, stoodIn]) calls.sort((a, b) => a.callIndex - b.callIndex);
  const closed = await store.closeShard.executeWithOptions(
    { summary: `round ${round} · ${phase} · close shard ${shard}` },
    [{ run, round, phase, shard, from, to, failed, standIns: stoodIn }],
  );
  return { ...closed, spent: purse.spent };

  // --- Helpers ---

  function canSchedule(): boolean {
    return wantsCalls() && purse.canAfford();
  }

  function wantsCalls(): boolean {
    const isBlocked = settings.paused !== null || settings.version <= blockedVersion;
    return todo.length > 0 && !isBlocked && inFlight < windowOf({ teachers, settings, lane });
  }

  /** Asks once, and once more when nothing is in flight that could give something back. */
  function needsLease(): boolean {
    if (!wantsCalls() || purse.canAfford()) return false;
    return asked === null || (inFlight === 0 && !asked.isIdle);
  }

  function isDone(): boolean {
    return todo.length === 0 && inFlight === 0;
  }

  async function askForLease(): Promise<void> {
    leaseRequests += 1;
    const number = leaseRequests;
    asked = { number, isIdle: inFlight === 0 };
    const wanted = Math.min(todo.length, 2 * windowOf({ teachers, settings, lane }));
    const { workflowId } = workflowInfo();
    await tell(loopId(run.runId), leaseWantedSignal, {
      shardId: workflowId,
      number,
      used: purse.giveBack(),
      calls: wanted,
      isIdle: asked.isIdle,
    });
  }

  /** The whole window in one workflow task: fewer, fuller tasks make the engine cheaper. */
  function fillWindow(): void {
    const begun: BegunCall[] = [];
    // Entered once: the SDK takes the stack of every promise, and each entry makes some.
    void calls.run(async () => {
      while (canSchedule()) begun.push(beginCall(todo.shift() as number));
    });
    for (const call of begun) void endCall(call);
  }

  function beginCall(callIndex: number): BegunCall {
    const { version } = settings;
    const place = standIns.choose(Date.now());
    const reserved = purse.isLimited ? { reserved: highest } : {};
    inFlight += 1;
    purse.reserve();
    const summary = `round ${round} · ${phase} · call ${callIndex}`;
    const { callTeacher } = activitiesAt[place] as (typeof activitiesAt)[number];
    const result = callTeacher.executeWithOptions({ summary }, [
      { run, round, phase, shard, callIndex, place, ...reserved },
    ]);
    return { callIndex, place, version, result };
  }

  async function endCall({ callIndex, place, version, ...begun }: BegunCall): Promise<void> {
    let refusal: string | null = null;
    let spend: Spend | undefined;
    try {
      const result = await begun.result;
      spend = result.spend;
      reports.add({ place, result, settings });
      if (result.outcome === 'again' || result.outcome === 'out') {
        if (result.outcome === 'out') standIns.isOut(place, Date.now());
        todo.unshift(callIndex);
        return;
      }
      standIns.isBack(place);
      if (place > 0) stoodIn.push({ callIndex, place });
      // Stored answers speak for themselves when the shard closes; a request that was refused left none.
      if (result.outcome !== 'answered') failed.push({ callIndex, reason: result.outcome });
    } catch (error) {
      const access = accessRefusal(error);
      spend = access?.spend;
      // A call that fails while it is being aborted comes back as failed, not as cancelled.
      if (isCancellation(error) || settings.cancel === 'now') failed.push({ callIndex, reason: 'cancelled' });
      else if (access !== null) {
        todo.unshift(callIndex);
        refusal = access.message;
      } else defect ??= error;
    } finally {
      inFlight -= 1;
      purse.settle(spend);
    }
    if (refusal !== null) await askForHelp({ version, refusal });
  }

  /** No call is made until the settings are newer than those under which one was refused. */
  async function askForHelp({ version, refusal }: { version: number; refusal: string }): Promise<void> {
    // Somebody has resumed since: try again. And the whole window is refused at once: one message is enough.
    if (version < settings.version || version <= blockedVersion) return;
    blockedVersion = version;
    await tell(run.runId, blockedSignal, { version, pause: { by: 'provider', reason: refusal } });
  }

  async function tell<Arg>(workflowId: string, signal: SignalDefinition<[Arg]>, arg: Arg): Promise<void> {
    try {
      await getExternalWorkflowHandle(workflowId).signal(signal, arg);
    } catch (error) {
      // The run was terminated from outside: nobody can resume this shard, so it ends with what it has.
      log.warn('the run is gone; the shard ends', { error });
      settings = { ...settings, version: settings.version + 1, paused: null, cancel: 'finish' };
    }
  }
}

/** A call on its way. */
interface BegunCall {
  callIndex: number;
  /** Which of the phase's teachers was asked. */
  place: number;
  /** Of the settings under which it was. */
  version: number;
  result: Promise<CallResult>;
}

/** Longest time that one request may take, and some for the way. */
function patienceMs(teachers: readonly PhaseTeacher[]): number {
  return Math.max(...teachers.map(({ requestTimeoutMs }) => requestTimeoutMs)) + 10_000;
}

/** The provider's own words when it refuses to serve this key at all; null for any other failure. */
function accessRefusal(error: unknown): { message: string; spend: Spend | undefined } | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure) || cause.type !== 'ProviderAccess') return null;
  return { message: cause.message, spend: cause.details?.[0] as Spend | undefined };
}
