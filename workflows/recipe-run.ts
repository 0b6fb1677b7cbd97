import { type UpdateDefinition, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExportResult } from '../activities/types.js';
import { inert } from '../methods/text.js';
import { cpu, endpoints, store } from './activities.js';
import { noCounts } from './counts.js';
import { declaredLimits, noLimits } from './endpoint-limits.js';
import { firstState } from './first-state.js';
import { loopId } from './ids.js';
import type { LoopResult, LoopState, RecipeRunInput, RunPlan } from './inputs.js';
import {
  addSeedsUpdate,
  blockedSignal,
  cancelUpdate,
  loopEndedSignal,
  loopReportSignal,
  pauseUpdate,
  type RunStatus,
  resumeUpdate,
  type Settings,
  reviewUpdate,
  setBudgetUpdate,
  setConcurrencyUpdate,
  setLimitsUpdate,
  setTargetUpdate,
  setThresholdsUpdate,
  settingsSignal,
  statusQuery,
} from './messages.js';
import { loopOf } from './next-round.js';
import { minuteOf, waitInWords } from './review-gate.js';
import { changeList, roundTable } from './round-table.js';
import { RunState } from './run-state.js';
import { showRun } from './search-attributes.js';
import { personProblem } from './settings-rules.js';

/** Below the 4,096 at which the server asks for a fresh history; a run of a million calls reports some thousand times. */
const defaultEventsPerRun = 3_000;

export interface RecipeRunResult extends RunStatus {
  dataset: ExportResult;
}

/** A run from recipe to dataset. The loop does the work; this is what people look at, pause, resume and cancel. */
export async function recipeRun(input: RecipeRunInput): Promise<RecipeRunResult> {
  const { run, plan, eventsPerRun = defaultEventsPerRun } = input;
  const state = new RunState(plan, input.carried);
  const isFirst = input.carried === undefined;
  let recording: Promise<void> = Promise.resolve();
  let declared = isFirst ? [] : declaredLimits(plan, state.settings);
  let declaring: Promise<void> = Promise.resolve();
  /** Version of the settings that the loop has. */
  let sent = 1;

  setHandler(statusQuery, () => state.status());
  steered(pauseUpdate, { check: () => state.checkPause(), make: (pause) => state.pause(pause) });
  steered(resumeUpdate, { check: () => state.checkResume(), make: (request) => state.resume(request) });
  steered(cancelUpdate, {
    check: (request) => state.checkCancel(request),
    make: (request) => state.cancel(request),
  });
  steered(setBudgetUpdate, {
    check: (request) => state.checkBudget(request),
    make: (request) => state.setBudget(request),
  });
  steered(setConcurrencyUpdate, {
    check: (request) => state.checkConcurrency(request),
    make: (request) => state.setConcurrency(request),
  });
  steered(setLimitsUpdate, {
    check: (request) => state.checkLimits(request),
    make: (request) => state.setLimits(request),
  });
  steered(setTargetUpdate, {
    check: (request) => state.checkTarget(request),
    make: (request) => state.setTarget(request),
  });
  steered(setThresholdsUpdate, {
    check: (request) => state.checkThresholds(request),
    make: (request) => state.setThresholds(request),
  });
  steered(addSeedsUpdate, {
    check: (request) => state.checkAddSeeds(request, run),
    make: (request) => state.addSeeds(request),
  });
  steered(reviewUpdate, {
    check: (request) => state.checkReview(request),
    make: (request) => state.review(request),
  });
  setHandler(blockedSignal, (blocked) => state.blocked(blocked));
  setHandler(loopReportSignal, (report) => {
    state.reported(report);
  });
  setHandler(loopEndedSignal, (result) => {
    state.ended = result;
    if (state.loop) state.loop = { ...state.loop, totals: result.totals, rounds: result.table };
  });

  // Temporal's own cancel button means the same as `seedmill cancel --now`: abort, then still export.
  CancellationScope.current().cancelRequested.catch(() => {
    if (state.settings.cancel !== 'now' && state.phase !== 'done')
      state.cancel({ by: 'Temporal', now: true });
  });

  return await CancellationScope.nonCancellable(async () => {
    if (isFirst) {
      await record();
      const { heldOut } = await store.prepareRun.executeWithOptions(
        { summary: 'prepare seeds and held-out set' },
        [{ run }],
      );
      state.phase = 'generating';
      declareLimits();
      await declaring;
      await startLoop({ heldOut });
    }
    if (await superviseLoop()) {
      await condition(allHandlersFinished);
      return await continueAsNew<typeof recipeRun>({ ...input, carried: state.snapshot() });
    }
    return await finish();
  });

  // --- Helpers ---

  /** `check` throws what the person who asks is told; only then nothing is changed. */
  function steered<Request extends { by: string }>(
    update: UpdateDefinition<RunStatus, [Request]>,
    { check, make }: { check(request: Request): void; make(request: Request): void },
  ): void {
    setHandler(
      update,
      (request: Request) => {
        make(request);
        return state.status();
      },
      {
        validator: (request: Request) => {
          const problem = personProblem(request);
          if (problem !== null) throw new Error(problem);
          check(request);
        },
      },
    );
  }

  async function startLoop({ heldOut }: Pick<LoopState, 'heldOut'>): Promise<void> {
    const { fork } = input;
    const begun = firstState({ run, plan, settings: state.settings, heldOut }, fork);
    if (fork) {
      const { round, totals, rounds } = fork;
      state.loop = { round: round - 1, step: 'forked', shards: [], totals, rounds };
    }
    if ('ended' in begun) {
      state.ended = begun.ended;
      return;
    }
    const { first } = begun;
    try {
      const handle = await startChild<(state: LoopState) => Promise<LoopResult>>(loopOf(first), {
        workflowId: loopId(run.runId),
        staticSummary: `${plan.recipe}: the ${plan.method} loop`,
        // It outlives a continue-as-new of this run, and tells its end by signal. Without a run it ends by itself.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        args: [first],
      });
      handle.result().catch((error: unknown) => {
        const stopReason = `failed: the loop ended: ${String(error)}`;
        state.ended ??= { rounds: 0, stopReason, totals: noCounts(), table: [], failed: true };
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      // This run was terminated and started again while its loop was at work. The loop reports to this run by its id
      // already; settings as of now, under a version above any that it can have.
      state.settings = { ...state.settings, version: Date.now() };
    }
  }

  /** Passes changes on to the loop until it ends. True: the history is long enough for a fresh one. */
  async function superviseLoop(): Promise<boolean> {
    let shown = '';
    let recorded = JSON.stringify(input.carried?.wait ?? null);
    for (;;) {
      if (state.ended !== null) return false;
      if (state.settings.version > sent) {
        // Not awaited: a store that cannot be written must not keep a cancel from the loop.
        recording = recording.then(record);
        await tellLoop();
        continue;
      }
      if (workflowInfo().historyLength > eventsPerRun || workflowInfo().continueAsNewSuggested) {
        if (await untilWritten()) return true;
        continue;
      }
      const leftMs = state.reviewLeftMs(Date.now());
      if (leftMs === 0) {
        state.timeOutReview();
        continue;
      }
      // For readers without a server.
      if (recorded !== JSON.stringify(state.wait)) {
        recorded = JSON.stringify(state.wait);
        recording = recording.then(record);
      }
      showDetails();
      if (shown !== sight()) {
        shown = sight();
        showRun({ plan, state, known: input.searchAttributes });
      }
      const isNews = () => state.settings.version > sent || state.ended !== null || shown !== sight();
      if (leftMs === null) await condition(isNews);
      else await condition(isNews, leftMs);
    }
  }

  /**
   * What is under way is in the store, before a fresh history forgets it; changes reach the loop meanwhile, and the fresh history
   * records them. False: the loop has ended.
   */
  async function untilWritten(): Promise<boolean> {
    // Runs that an earlier version has brought this far pass nothing on here.
    if (!patched('changes-before-a-fresh-history')) {
      await Promise.all([recording, declaring]);
      return true;
    }
    const isNews = () => state.settings.version > sent || state.ended !== null;
    for (;;) {
      await Promise.race([Promise.all([recording, declaring]), condition(isNews)]);
      if (state.ended !== null) return false;
      if (!isNews()) return true;
      await tellLoop();
    }
  }

  async function tellLoop(): Promise<void> {
    sent = state.settings.version;
    declareLimits();
    try {
      await getExternalWorkflowHandle(loopId(run.runId)).signal(settingsSignal, state.settings);
    } catch (error) {
      log.warn('the loop has just ended; its last word is on its way', { error });
      await condition(() => state.ended !== null, '1 minute');
      state.ended ??= {
        rounds: state.loop?.round ?? 0,
        stopReason:
          'failed: the loop is gone without a word; the same command starts it again from the store',
        totals: state.loop?.totals ?? noCounts(),
        table: state.loop?.rounds ?? [],
        failed: true,
      };
    }
  }

  async function finish(): Promise<RecipeRunResult> {
    declareLimits([]);
    await Promise.all([recording, declaring]);
    const ended = state.ended;
    if (ended === null) throw ApplicationFailure.nonRetryable('the loop has not ended');
    const target = ended.target ?? state.target;
    state.stopReason ??=
      target < state.target
        ? `${ended.stopReason}: ${target}; it was raised to ${state.target} too late`
        : ended.stopReason;
    if (ended.failed) {
      do await record();
      while (state.unrecorded.length > 0);
      showRun({ plan, state, known: input.searchAttributes });
      throw ApplicationFailure.nonRetryable(ended.stopReason, 'LoopFailed');
    }
    state.phase = 'exporting';
    const dataset = await cpu.exportDataset.executeWithOptions({ summary: 'write the dataset' }, [
      {
        run,
        target,
        rounds: ended.rounds,
        state: state.settings.cancel ? 'cancelled' : 'finished',
        stopReason: state.stopReason,
      },
    ]);
    state.phase = 'done';
    await record();
    showDetails();
    showRun({ plan, state, known: input.searchAttributes });
    return { ...state.status(), dataset };
  }

  async function record(): Promise<void> {
    const changes = state.unrecorded;
    const { review } = state.status();
    await store.recordState.executeWithOptions({ summary: `record: ${state.name}` }, [
      {
        run,
        state: state.name,
        stopReason: state.stopReason,
        paused: state.settings.paused,
        budget: state.settings.budget,
        ...setSince(state.settings),
        ...(review && { review }),
        ...(changes.length > 0 && { changes }),
      },
    ]);
    state.recorded(changes);
  }

  /** Tells the endpoints what this run asks of them, where that has changed; with nothing it leaves them. */
  function declareLimits(limits = declaredLimits(plan, state.settings)): void {
    const left = declared.filter(({ queue }) => limits.every((limit) => limit.queue !== queue));
    const isChanged = JSON.stringify(limits) !== JSON.stringify(declared);
    declared = limits;
    if (!isChanged) return;
    const changes = [...limits, ...left.map(({ queue }) => ({ queue, ...noLimits }))];
    declaring = declaring.then(() =>
      endpoints.declareLimits.executeWithOptions({ summary: 'limits of the endpoints' }, [
        { runId: run.runId, limits: changes },
      ]),
    );
  }

  /** What the run begins with again when its history is lost. */
  function setSince(settings: Settings): NonNullable<RunPlan['set']> {
    const { target, thresholds, concurrency, limits, addedSeeds } = settings;
    return {
      ...(target !== undefined && { target }),
      ...(thresholds && { thresholds }),
      ...(Object.keys(concurrency).length > 0 && { concurrency }),
      ...(Object.keys(limits).length > 0 && { limits }),
      ...(addedSeeds && { addedSeeds }),
    };
  }

  /** What the search attributes depend on. */
  function sight(): string {
    return `${state.name} ${state.loop?.round} ${state.loop?.step}`;
  }

  function reviewHead(): string {
    const { wait } = state;
    if (wait === null) return '';
    const after = wait.until === null ? '' : `; on timeout: ${wait.onTimeout}, at ${minuteOf(wait.until)}`;
    return (
      `**Waiting for review** of ${inert(waitInWords(wait))}: ` +
      `npx seedmill review ${inert(run.runId)}${after}\n\n`
    );
  }

  function showDetails(): void {
    const { loop, newest, ended } = state;
    const paused = state.settings.paused;
    const head = paused ? `**Paused by ${inert(paused.by)}**: ${inert(paused.reason)}\n\n` : reviewHead();
    const totals = loop?.totals ?? noCounts();
    const rounds = loop?.rounds ?? [];
    const step = state.phase === 'generating' ? (loop?.step ?? state.phase) : state.name;
    const table = roundTable({
      rounds,
      round: loop?.round ?? 1,
      step,
      totals,
      target: ended?.target ?? state.target,
    });
    setCurrentDetails([head + table, ...changeList(newest)].join('\n'));
  }
}
