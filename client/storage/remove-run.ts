/** Takes a run out of its store. Stored answers stay: others may use them, and what they cost was paid. */
import { runFiles } from '../../activities/run-files.js';
import { readJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { checkRunId } from '../../store/names.js';
import type { Store } from '../../store/types.js';
import { removalName } from '../run-identity.js';
import { type Amount, amountOf } from './bytes.js';

export interface RunToRemove {
  runId: string;
  amount: Amount;
  /** Names in `index/` that lead to it. */
  pointers: string[];
  /** It has its inputs, and has not written its result. */
  isUnfinished: boolean;
}

/** @throws UserError when the store has nothing of such a run. */
export async function findRun(store: Store, runId: string): Promise<RunToRemove> {
  checkRunId(runId);
  const files = await store.sizes(runId);
  const pointers: string[] = [];
  for (const name of await store.list('index')) {
    if ((await readJson<{ runId: string }>(store, name)).runId === runId) pointers.push(name);
  }
  if (files.length === 0 && pointers.length === 0)
    throw new UserError(`no run ${runId} in ${store.url}; "seedmill list" shows those there are`);
  const { manifest, result } = runFiles(runId);
  const names = new Set(files.map(({ name }) => name));
  return {
    runId,
    amount: amountOf(files),
    pointers,
    isUnfinished: names.has(manifest) && !names.has(result),
  };
}

/**
 * Removes it: pointers and manifest first, so that half of a run never looks like a whole one. A note of the removal lies in the
 * store until its end; whoever dies over it is followed by another one, and no run of this id begins before.
 */
export async function removeRun(store: Store, { runId, pointers }: RunToRemove): Promise<void> {
  const note = removalName(runId);
  await store.write(note, `${JSON.stringify({ runId })}\n`);
  for (const name of pointers) if (name !== note) await store.remove(name);
  await store.remove(runFiles(runId).manifest);
  await store.remove(runFiles(runId).result);
  await store.removeFolder(runId);
  await store.remove(note);
}
