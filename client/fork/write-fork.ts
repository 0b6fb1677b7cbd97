import { recordProgress } from '../../activities/progress.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import { Runs, type StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { keepThresholds } from '../../activities/thresholds.js';
import { readJsonIfAny, writeJson } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import type { ForkState } from '../../workflows/inputs.js';
import type { ForkInputs } from '../run-identity.js';
import { copyRounds } from './copy-rounds.js';
import { forkStateAfter } from './fork-state.js';

/**
 * Puts the rounds that a fork begins with into its folder, the state that its loop goes on from, and its accounts so far. Whoever
 * dies over it is followed by another who does it once more.
 */
export async function writeFork(
  store: Store,
  { runId, recipe, fork }: { runId: string; recipe: StoredRecipe; fork: ForkInputs },
): Promise<void> {
  const { from, hash, hasLists, thresholds } = fork;
  const { round } = from;
  const hasData = startsFromData(recipe.method);
  await copyRounds(store, { from: from.runId, to: runId, hash, round, hasData, hasLists });
  for (let copied = 1; copied <= round; copied += 1)
    await keepThresholds({ store }, { runId, round: copied, thresholds });
  if (round === 0) return;
  const { state, before } = await forkStateAfter(store, { runId, recipe, round });
  await writeJson(store, runFiles(runId).fork, state satisfies ForkState);
  // Only for its messages about another store, of which there is none here.
  const run = { runId, storeUrl: store.url, storeId: '' };
  const progress = { run, round, phase: null, step: 'forked', target: recipe.target, before };
  await recordProgress(new Runs({ store, storeId: '' }), progress);
}

/** Where a run's loop begins; undefined for one that is no fork, or was given no round. */
export async function readForkState(store: Store, runId: string): Promise<ForkState | undefined> {
  return await readJsonIfAny<ForkState>(store, runFiles(runId).fork);
}
