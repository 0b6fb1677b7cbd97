/** Binds the activities to one worker's store, teacher and state folder. */
import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { CallTeacher, type TeacherCallDeps } from './call-teacher.js';
import { closeShard } from './close-shard.js';
import { exportDataset } from './export-dataset.js';
import { CallPlanner } from './plan-calls.js';
import { prepareRun } from './prepare-run.js';
import { recordProgress, recordState } from './progress.js';
import type { Runs } from './run-data.js';
import { keepScorer } from './deita/keep-scorer.js';
import { rowsOf, scorerPrompts } from './deita/open-rows.js';
import { keepReview, openReview } from './review/review-round.js';
import { keepLists } from './skillmix/gather-skills.js';
import type { ActivityTurn } from './teacher-batch/batch-scope.js';
import { closeBatch } from './teacher-batch/close-batch.js';
import { collectBatch } from './teacher-batch/collect-batch.js';
import { cancelBatch, checkBatch } from './teacher-batch/look-at-batch.js';
import { OneAtATime } from './teacher-batch/one-at-a-time.js';
import { submitBatch } from './teacher-batch/submit-batch.js';
import type { TeacherClients } from './teacher-client/clients.js';
import type { CpuActivities, RunContext, StoreActivities, TeacherActivities } from './types.js';

export interface ActivityDeps extends TeacherCallDeps {
  runs: Runs;
  clients: TeacherClients;
}

export function createStoreActivities(deps: ActivityDeps): StoreActivities {
  const { runs } = deps;
  const planner = new CallPlanner(runs);
  return {
    prepareRun: (input) => alive(() => prepareRun(runs, input)),
    planCalls: (input) => alive(() => planner.planCalls(input)),
    closeShard: (input) => alive(() => closeShard(deps, input)),
    closeBatch: (input) => alive(() => closeBatch(deps, input, turn)),
    keepLists: (input) => alive(() => keepLists(runs, input)),
    rowsOf: (input) => alive(() => rowsOf(runs, input)),
    scorerPrompts: (input) => alive(() => scorerPrompts(runs, input)),
    keepScorer: (input) => alive(() => keepScorer(runs, input)),
    openReview: (input) => alive(() => openReview(runs, input)),
    keepReview: (input) => alive(() => keepReview(runs, input)),
    recordProgress: (input) => alive(() => recordProgress(runs, input)),
    recordState: (input) => alive(() => recordState(runs, input)),
    exportDataset: (input) => alive(() => exportDataset(runs, input)),
  };
}

/** The same activities, away from this event loop until the signal ends them. */
export type ComputeElsewhere = (signal: AbortSignal) => CpuActivities;

export function createCpuActivities(runs: Runs, compute: ComputeElsewhere): CpuActivities {
  const computing = <Result>(run: RunContext, work: (activities: CpuActivities) => Promise<Result>) =>
    alive(async () => {
      // Refuses a run of another store with an error whose kind would be lost on the way from elsewhere.
      await runs.recipe(run);
      try {
        return await work(compute(cancellationSignal()));
      } catch (error) {
        // Something about the data, which no attempt changes.
        if (error instanceof RangeError) throw ApplicationFailure.nonRetryable(error.message, 'BadData');
        throw error;
      }
    });
  return {
    screenCandidates: (input) => computing(input.run, (elsewhere) => elsewhere.screenCandidates(input)),
    decideCandidates: (input) => computing(input.run, (elsewhere) => elsewhere.decideCandidates(input)),
    composeBatches: (input) => computing(input.run, (elsewhere) => elsewhere.composeBatches(input)),
    refineSeeds: (input) => computing(input.run, (elsewhere) => elsewhere.refineSeeds(input)),
    gatherSkills: (input) => computing(input.run, (elsewhere) => elsewhere.gatherSkills(input)),
    proposeSynonyms: (input) => computing(input.run, (elsewhere) => elsewhere.proposeSynonyms(input)),
    mergeSynonyms: (input) => computing(input.run, (elsewhere) => elsewhere.mergeSynonyms(input)),
    assembleExamples: (input) => computing(input.run, (elsewhere) => elsewhere.assembleExamples(input)),
    decideExamples: (input) => computing(input.run, (elsewhere) => elsewhere.decideExamples(input)),
    openRows: (input) => computing(input.run, (elsewhere) => elsewhere.openRows(input)),
    gatherScores: (input) => computing(input.run, (elsewhere) => elsewhere.gatherScores(input)),
    selectRows: (input) => computing(input.run, (elsewhere) => elsewhere.selectRows(input)),
    exportDataset: (input) => computing(input.run, (elsewhere) => elsewhere.exportDataset(input)),
    gatherVariants: (input) => computing(input.run, (elsewhere) => elsewhere.gatherVariants(input)),
    decideVariants: (input) => computing(input.run, (elsewhere) => elsewhere.decideVariants(input)),
    gatherRankings: (input) => computing(input.run, (elsewhere) => elsewhere.gatherRankings(input)),
  };
}

export function createTeacherActivities(deps: ActivityDeps): TeacherActivities {
  const teacher = new CallTeacher(deps, deps.clients);
  // A file of requests may have a hundred megabytes: this process sends one and takes in one at a time.
  const sending = new OneAtATime();
  const collecting = new OneAtATime();
  return {
    callTeacher: (input) =>
      alive(() => {
        const { activityId, attempt, workflowExecution } = activityInfo();
        const activity = `${workflowExecution?.runId}/${activityId}`;
        return teacher.call(input, { activity, attempt, signal: cancellationSignal() });
      }),
    submitBatch: (input) => alive(() => sending.run(() => submitBatch(deps, input, turnOfActivity()))),
    checkBatch: (input) => alive(() => checkBatch(deps, input, turnOfActivity())),
    cancelBatch: (input) => alive(() => cancelBatch(deps, input, turnOfActivity())),
    collectBatch: (input) => alive(() => collecting.run(() => collectBatch(deps, input, turnOfActivity()))),
  };
}

function turnOfActivity(): ActivityTurn {
  return { attempt: activityInfo().attempt, signal: cancellationSignal(), turn };
}

/** Lets timers and other activities have a turn inside long work, and says that this one lives. */
async function turn(): Promise<void> {
  heartbeat();
  cancellationSignal().throwIfAborted();
  await sleep(0);
}

/**
 * Heartbeats at half the timeout while the work goes on; a fast one never sends any. Cancellation reaches an
 * activity through its heartbeats.
 */
async function alive<T>(work: () => Promise<T>): Promise<T> {
  const { heartbeatTimeoutMs } = activityInfo();
  const timer = heartbeatTimeoutMs ? setInterval(() => heartbeat(), heartbeatTimeoutMs / 2) : undefined;
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
