import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { CallPhase, Counts, PlanCallsInput, VerdictInput } from '../activities/types.js';
import { store } from './activities.js';
import { spentBy } from './budget.js';
import { addCounts, noCounts } from './counts.js';
import type { LoopResult, LoopState, StagesState } from './inputs.js';
import {
  blockedSignal,
  leaseWantedSignal,
  type LoopReport,
  loopEndedSignal,
  loopReportSignal,
  type Pause,
  type RoundRow,
  settingsSignal,
} from './messages.js';
import { roundTable } from './round-table.js';
import { ShardRunner } from './shard-runner.js';
import { stalledRounds, stopReason, targetOf } from './stop-rule.js';

/** Of fewer calls all may be refused for what they ask, and the rest of the run be well. */
const callsToJudgeBy = 5;

/** Rounds kept in the state for the table in the UI; the store has all of them. */
const roundsShown = 20;

/** What the run is told of a step besides its name. */
type StepDetails = { phase?: CallPhase } & Partial<
  Pick<LoopReport, 'shards' | 'review' | 'standing' | 'hasSelected'>
>;

/**
 * What every method's loop is made of: calls by phases, a record of each step, pauses, and the messages between run, loop
 * and shards. One round of one loop has one of these.
 */
export class LoopSteps {
  state: LoopState;
  /** Of this round, as of the last step. */
  current: Counts = noCounts();
  /** Ends with a cancelled run: work that is of no use to what it exports. */
  readonly untilCancelled = new CancellationScope();
  private readonly shards: ShardRunner;
  private readonly round: number;
  private stuckVersion = 0;
  /** The round behind this one was begun before: the run begins again, and a target that changed since ends nothing here. */
  private isFollowed = false;

  constructor(state: LoopState) {
    this.state = state;
    this.round = state.round;
    this.shards = new ShardRunner(state, () => this.pauseIfStuck());
    setHandler(settingsSignal, async (next) => {
      if (next.version <= this.state.settings.version) return;
      this.state.settings = next;
      if (next.cancel !== null) this.untilCancelled.cancel();
      await this.shards.forward(next);
      await this.pauseIfStuck();
    });
    setHandler(leaseWantedSignal, async (request) => {
      await this.shards.lease(request);
      await this.pauseIfStuck();
    });
  }

  /**
   * Plays one round. Returns how the loop has ended, or null when another round is to follow, with every message to this
   * one handled.
   */
  async play(round: () => Promise<void>): Promise<LoopResult | null> {
    const { stop } = this.state.plan;
    try {
      await round();
      if (this.state.stalledRounds >= stop.stallRounds && this.endReason() === null)
        await this.pauseForStall();
      const reason = this.endReason();
      if (reason !== null && !this.hasStagesAhead()) return await this.end({ stopReason: reason });
      if (reason !== null) this.state = { ...this.state, stages: stagesAfter(this.state, reason) };
    } catch (error) {
      const isRunGone = error instanceof ApplicationFailure && error.type === 'RunGone';
      if (!isRunGone) await this.end({ stopReason: `failed: ${innermost(error)}`, failed: true });
      throw error;
    }
    await condition(allHandlersFinished);
    return null;
  }

  /**
   * Plans a phase's calls and returns when all of them are stored, shard by shard. `wanted`: what is still missing, for the
   * phase that begins something new.
   */
  async makeCalls(phase: CallPhase, wanted?: PlanCallsInput['wanted']): Promise<void> {
    const { state, round } = this;
    if (state.settings.cancel !== null) return;
    const calls = await store.planCalls.executeWithOptions(this.summary(`plan ${phase}`), [
      { run: state.run, round, phase, ...(wanted !== undefined && { wanted }) },
    ]);
    if (wanted !== undefined) state.askCalls += calls.plan.count;
    for (;;) {
      await this.at(`calls: ${phase}`, { phase, shards: this.shards.idsOf(phase, calls) });
      const spent = spentBy(addCounts(this.state.totals, this.current));
      const refusal = await this.shards.runAll(phase, calls, spent);
      if (refusal === null || calls.plan.count < callsToJudgeBy || this.isCancelled) return;
      // A wrong address or model is for a person to mend. Then the same calls are made again.
      const reason = `all ${calls.plan.count} calls for ${phase} were refused: ${refusal}`;
      await this.pauseAndWait({ by: 'provider', reason });
      if (this.isCancelled) return;
    }
  }

  /** Tells the run where the loop stands, records it in the store, and waits while the run is paused. */
  async at(
    step: string,
    { phase, shards = [], review, standing, hasSelected = false }: StepDetails = {},
  ): Promise<void> {
    const { state, round } = this;
    const { run } = state;
    const target = targetOf(state);
    const { isFollowed = false, ...counts } = await store.recordProgress.executeWithOptions(
      this.summary(`record: ${step}`),
      [{ run, round, phase: phase ?? null, step, target, before: state.totals }],
    );
    this.current = counts;
    this.isFollowed = isFollowed;
    const totals = addCounts(this.state.totals, this.current);
    const { rounds } = this.state;
    setCurrentDetails(roundTable({ rounds, round, step, totals, target }));
    try {
      await getExternalWorkflowHandle(run.runId).signal(loopReportSignal, {
        round,
        step,
        shards,
        totals,
        rounds,
        ...(this.state.stages !== undefined && { hasGenerated: true }),
        ...(hasSelected && { hasSelected }),
        ...(review && { review }),
        ...(standing && { standing }),
      });
    } catch (error) {
      // Terminated from outside: nobody is left to spend for. Started again, the run repeats this round from the store.
      throw ApplicationFailure.nonRetryable(`the run is gone: ${innermost(error)}`, 'RunGone');
    }
    await condition(() => this.state.settings.paused === null);
  }

  /** Closes the round's books: the state is the next round's. */
  roundDone(
    row: Pick<RoundRow, 'attractiveBatches' | 'heldOutLoss' | 'note'>,
    next: Partial<LoopState> = {},
  ): void {
    const { state, round } = this;
    const { parsed, accepted } = this.current.candidates;
    const calls = this.current.calls.planned;
    const rounds = [...state.rounds, { round, calls, candidates: parsed, accepted, ...row }];
    this.state = {
      ...state,
      round: round + 1,
      totals: addCounts(state.totals, this.current),
      rounds: rounds.slice(-roundsShown),
      stalledRounds: stalledRounds({
        before: state.stalledRounds,
        parsed,
        accepted,
        stallYield: state.plan.stop.stallYield,
      }),
      ...next,
    };
  }

  async pauseAndWait(pause: Pause): Promise<void> {
    const { version } = this.state.settings;
    await getExternalWorkflowHandle(this.state.run.runId).signal(blockedSignal, { version, pause });
    await condition(() => this.state.settings.version > version && this.state.settings.paused === null);
  }

  /** For a step that gives verdicts: the thresholds that people have set. */
  get thresholds(): Pick<VerdictInput, 'thresholds'> {
    const { thresholds } = this.state.settings;
    return thresholds ? { thresholds } : {};
  }

  /** Options of an activity, as the UI shows it. */
  summary(text: string): { summary: string } {
    return { summary: `round ${this.round} · ${text}` };
  }

  get isCancelled(): boolean {
    return this.state.settings.cancel !== null;
  }

  private async pauseForStall(): Promise<void> {
    const { stallRounds, stallYield } = this.state.plan.stop;
    const { candidates, calls } = this.current;
    const rejected = Object.entries(candidates.rejected).map(([reason, n]) => `${reason} ${n}`);
    const failed = Object.entries(calls.failed).map(([reason, n]) => `calls failed as ${reason} ${n}`);
    const why = [...rejected, ...failed].join(', ');
    await this.pauseAndWait({
      by: 'stall',
      reason: `${stallRounds} rounds in a row with under ${stallYield * 100} % accepted; last round: ${why || 'no candidates'}`,
    });
    this.state.stalledRounds = 0;
  }

  /** The budget lets no shard go on: one message for each state of affairs is enough. */
  private async pauseIfStuck(): Promise<void> {
    const { version, paused, cancel } = this.state.settings;
    const reason = this.shards.stuck();
    if (reason === null || paused !== null || cancel !== null || this.stuckVersion >= version) return;
    this.stuckVersion = version;
    try {
      const pause = { by: 'budget', reason };
      await getExternalWorkflowHandle(this.state.run.runId).signal(blockedSignal, { version, pause });
    } catch (error) {
      log.warn('the run is gone; its shards end', { error });
      this.state.settings = { ...this.state.settings, version: version + 1, cancel: 'finish' };
      await this.shards.forward(this.state.settings);
    }
  }

  /** What was generated is still to be scored or selected from. */
  private hasStagesAhead(): boolean {
    return this.state.plan.stages !== undefined && this.state.stages === undefined && !this.isCancelled;
  }

  /** null: another round. */
  private endReason(): string | null {
    if (this.isCancelled) return 'cancelled';
    return stopReason(this.state, { isFollowed: this.isFollowed });
  }

  private async end(how: Pick<LoopResult, 'stopReason' | 'failed'>): Promise<LoopResult> {
    const { totals, rounds, run } = this.state;
    const target = targetOf(this.state);
    const result: LoopResult = { ...how, rounds: this.round, totals, table: rounds, target };
    await condition(allHandlersFinished);
    await getExternalWorkflowHandle(run.runId).signal(loopEndedSignal, result);
    return result;
  }
}

/** Scoring and selection begin with this round, since generation has ended for this reason. */
export function stagesAfter(state: LoopState, reason: string): StagesState {
  return { reason, firstRound: state.round, parts: null, rows: 0, target: targetOf(state) };
}

/** The innermost message: Temporal wraps an activity's own words twice. */
export function innermost(error: unknown): string {
  if (error instanceof ActivityFailure && error.cause) return innermost(error.cause);
  if (error instanceof ApplicationFailure || error instanceof Error) return error.message;
  return String(error);
}
