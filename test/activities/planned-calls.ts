/** A round's calls, planned in a store, for activities that make them one by one without Temporal. */
import type { TeacherCallDeps } from '../../activities/call-teacher.js';
import { CallPlanner } from '../../activities/plan-calls.js';
import { RecentRows } from '../../activities/recent-rows.js';
import { RoundPrompts } from '../../activities/round-prompts.js';
import { roundFiles } from '../../activities/run-files.js';
import { writeJsonl } from '../../store/artifacts.js';
import { testSeeds } from '../test-seeds.js';
import { type StoredRun, storedRecipe, storedRun } from './stored-run.js';

export interface PlannedCalls extends StoredRun {
  count: number;
  /** What a worker process has; two of them share nothing but the store. */
  worker(): TeacherCallDeps;
}

/** Calls for whole tasks, of a run whose teacher has these settings. */
export async function plannedCalls(options: {
  folder: string;
  teacher: object;
  calls: number;
}): Promise<PlannedCalls> {
  const { folder, teacher, calls } = options;
  const generation = { prompts: 'one-call', callsPerRound: calls };
  const stored = await storedRun({ folder, recipe: storedRecipe({ teacher, generation }) });
  const { run, runs, store } = stored;
  await writeJsonl(store, roundFiles(run.runId, 1).seedPool, testSeeds());
  const wanted = { remaining: calls, askCalls: 0, accepted: 0 };
  const { plan } = await new CallPlanner(runs).planCalls({ run, round: 1, phase: 'tasks', wanted });
  const worker = () => ({
    runs,
    prompts: new RoundPrompts(runs),
    recent: new RecentRows(),
    writer: 'w',
    stateDir: '',
    share: null,
  });
  return { ...stored, count: plan.count, worker };
}
