import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  type SignalDefinition,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BatchLook, CollectedBatch, SentBatch } from '../activities/types.js';
import { inert } from '../methods/text.js';
import { closing, teacherBatches } from './activities.js';
import { hasBudget, Purse } from './budget.js';
import { loopId } from './ids.js';
import type { BatchState, OpenBatch, PartResult } from './inputs.js';
import { blockedSignal, leaseSignal, leaseWantedSignal, settingsSignal } from './messages.js';

/** Each look is further from the one before, up to this or to the first one. */
const longestPollMs = 300_000;
const pollGrowth = 1.5;
/** A look leaves eleven events; a day of them, and a few files, are two of these. */
const defaultEventsPerRun = 2_000;
/** Files in a row that bring no call any further; then a person looks at what the provider says. */
const barrenBeforePause = 2;
/** Files in a row for which the provider's queue has no room: about a day of them. */
const fullBeforePause = 300;
/** What is under way when the run is cancelled may end by itself; a provider that is down would keep it for ever. */
const patienceMs = 30_000;

/**
 * Puts calls to a teacher's Batch API, then closes their shards: a file of what is missing, a durable wait until the
 * provider is done with it, its answers, and again, until every call has what it needs.
 */
export async function callBatch(input: BatchState): Promise<PartResult> {
  const { calls, teacher, highest, eventsPerRun = defaultEventsPerRun } = input;
  const { run, round, phase } = calls;
  const provider = teacherBatches({ ...teacher, runId: run.runId });
  const impatient = teacherBatches({ ...teacher, runId: run.runId, maximumAttempts: 5 });
  const purse = new Purse({ highest, lease: input.lease, carried: input.carried?.purse });
  const firstPollMs = teacher.batchPollMs ?? longestPollMs;
  let settings = input.settings;
  const { carried } = input;
  let leaseRequests = carried?.leaseRequests ?? 0;
  let submission = carried?.submission ?? 0;
  let open = carried?.open ?? null;
  let maxRequests = carried?.maxRequests ?? null;
  let barren = carried?.barren ?? 0;
  let full = carried?.full ?? 0;
  let isGranted = false;

  setHandler(settingsSignal, (next) => {
    if (next.version <= settings.version) return;
    settings = next;
    // There may be a budget now, or less of it: what is at the provider goes on, and more has to be asked for.
    if (hasBudget(settings.budget)) purse.giveBack();
  });
  setHandler(leaseSignal, ({ number, version, lease }) => {
    if (number !== leaseRequests) return;
    isGranted = true;
    if (version >= settings.version) purse.refill(lease);
  });

  for (;;) {
    if (open === null) {
      // What is at the provider goes on while the run is paused; nothing new is sent.
      await condition(() => settings.paused === null || settings.cancel !== null);
      if (settings.cancel !== null) break;
      const sent = await send();
      if (sent === 'complete') break;
      open = sent;
    } else {
      const collected = (await hasEnded(open)) ? await collect(open) : null;
      if (collected === null) break; // cancelled, and the provider cannot be asked
      const { requests, highest } = open;
      purse.settle(collected.spend, highest);
      open = null;
      submission += 1;
      await deal(collected, requests);
    }
  }
  await closing.closeBatch.executeWithOptions(summary('close shards'), [
    { ...calls, isCancelled: settings.cancel !== null },
  ]);
  // A file of nothing but refused requests has paused the run already.
  return { spent: purse.used, refusal: null };

  // --- Helpers ---

  /** Sends the next file; null: there was nothing to send this time. */
  async function send(): Promise<OpenBatch | 'complete' | null> {
    const request = { ...calls, submission, maxRequests, afford: purse.left };
    let asked = await ask(
      (at) => at.submitBatch.executeWithOptions(summary(`file ${submission}`), [request]),
      {
        isPatient: false,
      },
    );
    // Called off before anybody knows whether there is a batch: it must not go on at the provider.
    while (asked.said === null && !asked.isOver && settings.cancel !== null) {
      asked = await ask((at) =>
        at.submitBatch.executeWithOptions(summary(`find file ${submission}`), [{ ...request, isMade: true }]),
      );
    }
    const sent = asked.said;
    if (sent === null) return null;
    switch (sent.outcome) {
      case 'complete':
        return 'complete';
      case 'sent-before':
        submission += 1;
        return null;
      case 'unaffordable':
        await askForLease();
        return null;
      case 'sent': {
        const { batchId, requests, highest } = sent;
        purse.reserve(highest);
        return { batchId, requests, highest, isCalledOff: false, pollMs: firstPollMs };
      }
    }
  }

  /** Waits for the end of a file; false: the run was cancelled and the provider cannot be asked. */
  async function hasEnded(batch: OpenBatch): Promise<boolean> {
    for (;;) {
      // A cancel ends the wait; once the provider knows of it, the wait is one for its last word.
      await condition(() => settings.cancel !== null && !batch.isCalledOff, batch.pollMs);
      if (workflowInfo().historyLength > eventsPerRun || workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof callBatch>(state(batch));
      }
      const isCancelled = settings.cancel !== null;
      const callsOff = isCancelled && !batch.isCalledOff;
      const { said: look, isOver } = await ask((at) =>
        callsOff
          ? at.cancelBatch.executeWithOptions(summary(`call off file ${submission}`), [sent(batch)])
          : at.checkBatch.executeWithOptions(summary(`look at file ${submission}`), [sent(batch)]),
      );
      if (isOver) return false;
      if (look === null) continue;
      show(batch, look);
      if (look.hasEnded) return true;
      batch.isCalledOff ||= callsOff;
      batch.pollMs = callsOff ? firstPollMs : nextPollMs(batch.pollMs);
    }
  }

  async function collect(batch: OpenBatch): Promise<CollectedBatch | null> {
    for (;;) {
      const { said, isOver } = await ask((at) =>
        at.collectBatch.executeWithOptions(summary(`collect file ${submission}`), [sent(batch)]),
      );
      if (said !== null || isOver) return said;
    }
  }

  /** What became of a file may make a person, or some time, necessary before the next one. */
  async function deal({ brought, trouble }: CollectedBatch, requests: number): Promise<void> {
    if (trouble?.kind === 'queue-full') return await waitForRoom(trouble.message, requests);
    full = 0;
    maxRequests = null;
    barren = brought > 0 ? 0 : barren + 1;
    if (trouble === null || (trouble.kind === 'requests' && barren < barrenBeforePause)) return;
    barren = 0;
    if (settings.cancel === null) await pauseAndWait(trouble.message);
  }

  /** Other batches of the account are in the way, or it may have no more than this: half as much may fit, or later. */
  async function waitForRoom(message: string, requests: number): Promise<void> {
    full += 1;
    maxRequests = Math.max(1, Math.floor(requests / 2));
    if (full % fullBeforePause === 0) return await pauseAndWait(message);
    setCurrentDetails(`**waiting for room at the provider** · ${inert(message)}`);
    const waitMs = Math.min(firstPollMs * pollGrowth ** full, Math.max(longestPollMs, firstPollMs));
    await condition(() => settings.cancel !== null, waitMs);
  }

  /** An activity's answer. Without one somebody has resumed since, or (`isOver`) the run is cancelled and this was all. */
  async function ask<T>(
    work: (at: typeof provider) => Promise<T>,
    { isPatient = true } = {},
  ): Promise<{ said: T; isOver: false } | { said: null; isOver: boolean }> {
    const isLast = settings.cancel === 'now';
    const scope = new CancellationScope();
    let hasEnded = false;
    const mayInterrupt = () => !isLast && settings.cancel === 'now';
    const interrupt = async () => {
      await condition(() => hasEnded || mayInterrupt() || (!isPatient && settings.cancel !== null));
      if (!hasEnded) await condition(() => hasEnded, patienceMs);
      if (!hasEnded) scope.cancel();
    };
    void interrupt();
    try {
      return { said: await scope.run(() => work(isLast ? impatient : provider)), isOver: false };
    } catch (error) {
      if (isCancellation(error)) return { said: null, isOver: false };
      const refusal = refusalOf(error);
      if (refusal === null && !isLast) throw error;
      if (refusal !== null && settings.cancel === null) await pauseAndWait(refusal);
      return { said: null, isOver: settings.cancel !== null };
    } finally {
      hasEnded = true;
    }
  }

  async function pauseAndWait(reason: string): Promise<void> {
    const { version } = settings;
    await tell(run.runId, blockedSignal, { version, pause: { by: 'provider', reason } });
    await condition(
      () => settings.cancel !== null || (settings.version > version && settings.paused === null),
    );
  }

  async function askForLease(): Promise<void> {
    leaseRequests += 1;
    isGranted = false;
    await tell(loopId(run.runId), leaseWantedSignal, {
      shardId: workflowInfo().workflowId,
      number: leaseRequests,
      used: purse.giveBack(),
      calls: calls.to - calls.from,
      isIdle: true,
    });
    await condition(() => isGranted || settings.cancel !== null);
  }

  async function tell<Arg>(workflowId: string, signal: SignalDefinition<[Arg]>, arg: Arg): Promise<void> {
    try {
      await getExternalWorkflowHandle(workflowId).signal(signal, arg);
    } catch (error) {
      // The run was terminated from outside: nobody can resume this batch, so it ends with what it has.
      log.warn('the run is gone; the batch ends', { error });
      settings = { ...settings, version: settings.version + 1, paused: null, cancel: 'finish' };
    }
  }

  function nextPollMs(pollMs: number): number {
    return Math.min(pollMs * pollGrowth, Math.max(longestPollMs, firstPollMs));
  }

  function sent({ batchId }: OpenBatch): SentBatch {
    return { ...calls, submission, batchId };
  }

  function state(batch: OpenBatch): BatchState {
    const { content } = purse;
    const counters = { leaseRequests, submission, maxRequests, barren, full };
    return { ...input, settings, carried: { purse: content, open: batch, ...counters } };
  }

  function show(batch: OpenBatch, look: BatchLook): void {
    const { completed, failed, total, status } = look;
    setCurrentDetails(
      `**${inert(status)}** · ${completed} of ${total || batch.requests} requests done, ${failed} failed · ${inert(batch.batchId)}`,
    );
  }

  function summary(text: string): { summary: string } {
    return { summary: `round ${round} · ${phase} · batch ${calls.batch} · ${text}` };
  }
}

/** The provider's own words when only a person can help; null for any other failure. */
function refusalOf(error: unknown): string | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure)) return null;
  return cause.type === 'ProviderAccess' || cause.type === 'InvalidRequest' ? cause.message : null;
}
