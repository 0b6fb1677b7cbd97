/** The runs of a store. */
import { runFiles } from '../activities/run-files.js';
import { readJson, readJsonIfAny } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import { hasEnded, type RunManifest } from './run-identity.js';

/** Every run of the store that has its inputs, oldest first. */
export async function allRuns(store: Store): Promise<RunManifest[]> {
  const pointers = await store.list('index');
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
