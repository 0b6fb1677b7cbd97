import { writeJson } from '../../store/artifacts.js';
import type { Runs } from '../run-data.js';
import { runFiles } from '../run-files.js';
import type { TrainScorerResult } from '../student-messages.js';
import type { RunContext } from '../types.js';

/** Records how well the trained scorer does, beside its adapter; returns the same for people. */
export async function keepScorer(
  runs: Runs,
  { run, trained }: { run: RunContext; trained: TrainScorerResult },
): Promise<{ note: string }> {
  // Refuses a run of another store.
  await runs.recipe(run);
  await writeJson(runs.store, runFiles(run.runId).scorerReport, trained);
  const { before, after, pairs } = trained;
  const error = `${before.meanAbsoluteError.toFixed(2)} → ${after.meanAbsoluteError.toFixed(2)}`;
  return { note: `scorer trained on ${pairs.trained} pairs: mean error ${error} on ${pairs.heldOut} others` };
}
