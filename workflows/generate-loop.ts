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
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { CallPhase, Counts, Ref, TrainRoundResult } from '../activities/types.js';
import { cpu, store, student } from './activities.js';
import { spentBy } from './budget.js';
import { addCounts, noCounts } from './counts.js';
import type { LoopResult, LoopState } from './inputs.js';
import {
  blockedSignal,
  leaseWantedSignal,
  loopEndedSignal,
  loopReportSignal,
  type Pause,
  settingsSignal,
} from './messages.js';
import { roundTable } from './round-table.js';
import { ShardRunner } from './shard-runner.js';
import { stalledRounds, stopReason } from './stop-rule.js';

/** Of fewer calls all may be refused for what they ask, and the rest of the run be well. */
const callsToJudgeBy = 5;

/** Rounds kept in the state for the table in the UI; the store has all of them. */
const roundsShown = 20;

/**
 * Self-Instruct and SeDi-Instruct, one round per workflow run: ask for instructions, screen them, have them
 * answered, decide, compose batches, train the student on them, refine the seeds; then continue as new.
 */
export async function generateLoop(state: LoopState): Promise<LoopResult> {
  const { run, plan, round } = state;
  const shards = new ShardRunner(state, pauseIfStuck);
  const training = new CancellationScope();
  let current: Counts = noCounts();
  let stuckVersion = 0;

  setHandler(settingsSignal, async (next) => {
    if (next.version <= state.settings.version) return;
    state.settings = next;
    if (next.cancel !== null) training.cancel();
    await shards.forward(next);
    await pauseIfStuck();
  });
  setHandler(leaseWantedSignal, async (request) => {
    await shards.lease(request);
    await pauseIfStuck();
  });

  try {
    await playRound();
    if (state.stalledRounds >= plan.stop.stallRounds && endReason() === null) await pauseForStall();
    const reason = endReason();
    if (reason !== null) return await end({ stopReason: reason });
  } catch (error) {
    const isRunGone = error instanceof ApplicationFailure && error.type === 'RunGone';
    if (!isRunGone) await end({ stopReason: `failed: ${message(error)}`, failed: true });
    throw error;
  }
  await condition(allHandlersFinished);
  return await continueAsNew<typeof generateLoop>(state);

  async function playRound(): Promise<void> {
    // Generate. Nothing is paid for an instruction's answer before it has passed the heuristics and the filter.
    await makeCalls(plan.ask);
    await at('screening candidates');
    await cpu.screenCandidates.executeWithOptions(summary('screen candidates'), [{ run, round }]);
    for (const phase of plan.answer) await makeCalls(phase);
    await at('deciding candidates');
    await cpu.decideCandidates.executeWithOptions(summary('decide candidates'), [{ run, round }]);

    // Compose and train. What is accepted but fits no batch waits for the next round.
    await at('composing batches');
    const { batches } = await cpu.composeBatches.executeWithOptions(summary('compose batches'), [
      { run, round, target: plan.target, acceptedBefore: state.totals.candidates.accepted },
    ]);
    const trained = await trainStudent(batches);

    // Refine. What the student learned most from joins the seeds of the next round.
    await at('refining seeds');
    const loss = trained && { before: trained.reporting.before, after: trained.reporting.after };
    const refined = await cpu.refineSeeds.executeWithOptions(summary('refine seeds'), [
      { run, round, signal: trained?.signal ?? null, loss },
    ]);

    await at('round done');
    const { parsed, accepted } = current.candidates;
    const row = {
      round,
      calls: current.calls.planned,
      candidates: parsed,
      accepted,
      attractiveBatches: trained && refined.attractiveBatches,
      heldOutLoss: loss,
      note: refined.note,
    };
    state = {
      ...state,
      round: round + 1,
      checkpoint: trained?.checkpoint ?? state.checkpoint,
      totals: addCounts(state.totals, current),
      rounds: [...state.rounds, row].slice(-roundsShown),
      stalledRounds: stalledRounds({
        before: state.stalledRounds,
        parsed,
        accepted,
        stallYield: plan.stop.stallYield,
      }),
    };
  }

  /** Plans a phase's calls and returns when all of them are stored, shard by shard. */
  async function makeCalls(phase: CallPhase): Promise<void> {
    if (state.settings.cancel !== null) return;
    const { accepted } = state.totals.candidates;
    const wanted = { remaining: plan.target - accepted, askCalls: state.askCalls, accepted };
    const isAsking = phase === plan.ask;
    const calls = await store.planCalls.executeWithOptions(summary(`plan ${phase}`), [
      { run, round, phase, ...(isAsking && { wanted }) },
    ]);
    if (isAsking) state.askCalls += calls.plan.count;
    for (;;) {
      await at(`calls: ${phase}`, { phase, shards: shards.idsOf(phase, calls) });
      const spent = spentBy(addCounts(state.totals, current));
      const refusal = await shards.runAll(phase, calls, spent);
      if (refusal === null || calls.plan.count < callsToJudgeBy || state.settings.cancel !== null) return;
      // A wrong address or model is for a person to mend. Then the same calls are made again.
      const reason = `all ${calls.plan.count} calls for ${phase} were refused: ${refusal}`;
      await pauseAndWait({ by: 'provider', reason });
      if (state.settings.cancel !== null) return;
    }
  }

  /** null: nothing to train on, or nobody to train. */
  async function trainStudent(batches: Ref): Promise<TrainRoundResult | null> {
    const { heldOut, checkpoint: previous } = state;
    const request = plan.student;
    if (request === null || heldOut === null || batches.count === 0) return null;
    for (;;) {
      await at(request.signal === 'train' ? 'training the student' : 'evaluating with the student');
      const input = { ...request, run, round, batches, heldOut, previous };
      try {
        return await training.run(() =>
          student.trainRound.executeWithOptions(summary(`${input.signal} on ${batches.count} batches`), [
            input,
          ]),
        );
      } catch (error) {
        if (isCancellation(error)) return null;
        // What more attempts cannot mend (a loss that is not finite, a missing model) is for a person to decide.
        await pauseAndWait({ by: 'student', reason: message(error) });
      }
    }
  }

  /** Tells the run where the loop stands, records it in the store, and waits while the run is paused. */
  async function at(step: string, calls?: { phase: CallPhase; shards: string[] }): Promise<void> {
    current = await store.recordProgress.executeWithOptions(summary(`record: ${step}`), [
      { run, round, phase: calls?.phase ?? null, step, target: plan.target, before: state.totals },
    ]);
    const totals = addCounts(state.totals, current);
    setCurrentDetails(roundTable({ rounds: state.rounds, round, step, totals, target: plan.target }));
    try {
      await getExternalWorkflowHandle(run.runId).signal(loopReportSignal, {
        round,
        step,
        shards: calls?.shards ?? [],
        totals,
        rounds: state.rounds,
      });
    } catch (error) {
      // Terminated from outside: nobody is left to spend for. Started again, the run repeats this round from the store.
      throw ApplicationFailure.nonRetryable(`the run is gone: ${message(error)}`, 'RunGone');
    }
    await condition(() => state.settings.paused === null);
  }

  async function pauseForStall(): Promise<void> {
    const { stallRounds, stallYield } = plan.stop;
    const { candidates, calls } = current;
    const rejected = Object.entries(candidates.rejected).map(([reason, n]) => `${reason} ${n}`);
    const failed = Object.entries(calls.failed).map(([reason, n]) => `calls failed as ${reason} ${n}`);
    const why = [...rejected, ...failed].join(', ');
    await pauseAndWait({
      by: 'stall',
      reason: `${stallRounds} rounds in a row with under ${stallYield * 100} % accepted; last round: ${why || 'no candidates'}`,
    });
    state.stalledRounds = 0;
  }

  /** The budget lets no shard go on: one message for each state of affairs is enough. */
  async function pauseIfStuck(): Promise<void> {
    const { version, paused, cancel } = state.settings;
    const reason = shards.stuck();
    if (reason === null || paused !== null || cancel !== null || stuckVersion >= version) return;
    stuckVersion = version;
    try {
      const pause = { by: 'budget', reason };
      await getExternalWorkflowHandle(run.runId).signal(blockedSignal, { version, pause });
    } catch (error) {
      log.warn('the run is gone; its shards end', { error });
      state.settings = { ...state.settings, version: version + 1, cancel: 'finish' };
      await shards.forward(state.settings);
    }
  }

  async function pauseAndWait(pause: Pause): Promise<void> {
    const { version } = state.settings;
    await getExternalWorkflowHandle(run.runId).signal(blockedSignal, { version, pause });
    await condition(() => state.settings.version > version && state.settings.paused === null);
  }

  /** null: another round. */
  function endReason(): string | null {
    return state.settings.cancel !== null ? 'cancelled' : stopReason(state);
  }

  async function end(how: Pick<LoopResult, 'stopReason' | 'failed'>): Promise<LoopResult> {
    const result: LoopResult = { ...how, rounds: round, totals: state.totals, table: state.rounds };
    await condition(allHandlersFinished);
    await getExternalWorkflowHandle(run.runId).signal(loopEndedSignal, result);
    return result;
  }

  function summary(text: string): { summary: string } {
    return { summary: `round ${round} · ${text}` };
  }
}

/** The innermost message: Temporal wraps an activity's own words twice. */
function message(error: unknown): string {
  if (error instanceof ActivityFailure && error.cause) return message(error.cause);
  if (error instanceof ApplicationFailure || error instanceof Error) return error.message;
  return String(error);
}
