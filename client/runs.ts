/** The runs of a store. */
import { runFiles } from '../activities/run-files.js';
import { readJson, readJsonIfAny } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import type { StoredRecipe } from '../activities/run-data.js';
import { pointerNames } from './removed-runs.js';
import {
  differingKeys,
  hasEnded,
  hashInputs,
  isSettable,
  type RunInputs,
  type RunManifest,
} from './run-identity.js';

/** Every run of the store that has its inputs, oldest first. */
export async function allRuns(store: Store): Promise<RunManifest[]> {
  const pointers = await pointerNames(store);
  const ids = await Promise.all(pointers.map((name) => readJson<{ runId: string }>(store, name)));
  const unique = [...new Set(ids.map(({ runId }) => runId))];
  const manifests = await Promise.all(
    unique.map((runId) => readJsonIfAny<RunManifest>(store, runFiles(runId).manifest)),
  );
  return manifests
    .filter((manifest) => manifest !== undefined)
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
}

export async function unfinishedRuns(store: Store): Promise<RunManifest[]> {
  const runs = await allRuns(store);
  const ended = await Promise.all(runs.map(({ runId }) => hasEnded(store, runId)));
  return runs.filter((_, index) => !ended[index]);
}

/** Unfinished runs of the same seeds whose recipe differs only in what `seedmill set` changes in a run that lives. */
export async function unfinishedTwins(
  store: Store,
  inputs: RunInputs,
): Promise<{ runId: string; differing: string[] }[]> {
  const twins = [];
  for (const { runId, recipe, hash } of await unfinishedRuns(store)) {
    if (recipe !== inputs.recipe.name) continue;
    const other = await readJson<StoredRecipe>(store, runFiles(runId).recipe);
    const differing = differingKeys(other, inputs.recipe);
    const isSame = hash === hashInputs({ ...inputs, recipe: other });
    if (isSame && differing.length > 0 && differing.every(isSettable)) twins.push({ runId, differing });
  }
  return twins;
}
