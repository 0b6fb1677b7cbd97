/** Takes a run out of its store. Stored answers stay: others may use them, and what they cost was paid. */
import { runFiles } from '../../activities/run-files.js';
import { readJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { checkRunId } from '../../store/names.js';
import type { Store } from '../../store/types.js';
import { isRemoved, pointerNames, removalName, removedName } from '../removed-runs.js';
import { type Amount, amountOf } from './bytes.js';

export interface RunToRemove {
  runId: string;
  amount: Amount;
  /** Names in `index/` that lead to it. */
  pointers: string[];
  /** It has not written its result, and nobody has settled that it goes: it may be at work, or getting its inputs. */
  mayBeOpen: boolean;
}

/** @throws UserError when the store has nothing of such a run. */
export async function findRun(store: Store, runId: string): Promise<RunToRemove> {
  checkRunId(runId);
  const files = await store.sizes(runId);
  const pointers: string[] = [];
  for (const name of await pointerNames(store)) {
    if ((await readJson<{ runId: string }>(store, name)).runId === runId) pointers.push(name);
  }
  if (files.length === 0 && pointers.length === 0)
    throw new UserError(`no run ${runId} in ${store.url}; "seedmill list" shows those there are`);
  const isEnded = files.some(({ name }) => name === runFiles(runId).result);
  return {
    runId,
    amount: amountOf(files),
    pointers,
    mayBeOpen: !isEnded && !(await isRemoved(store, runId)),
  };
}

/**
 * Removes it: pointers and manifest first, so that half of a run never looks like a whole one. A note of the removal lies in the
 * store until its end; whoever dies over it is followed by another one, and no run of this id begins then or later.
 * @throws what `refuseOpen` throws, which is asked about a run that may be open: nothing is removed then.
 */
export async function removeRun(
  store: Store,
  { runId, refuseOpen }: { runId: string; refuseOpen: () => Promise<void> },
): Promise<void> {
  const note = removalName(runId);
  const text = `${JSON.stringify({ runId })}\n`;
  await store.write(note, text);
  // With the note there it is not started any more: whoever asked before may have been told of a run that was started since.
  const { pointers, mayBeOpen } = await findRun(store, runId);
  if (mayBeOpen) {
    try {
      await refuseOpen();
    } catch (error) {
      if (!(await isRemoved(store, runId))) await store.remove(note);
      throw error;
    }
  }
  await store.write(removedName(runId), text);
  for (const name of pointers) if (name !== note) await store.remove(name);
  await store.remove(runFiles(runId).manifest);
  await store.remove(runFiles(runId).result);
  await store.removeFolder(runId);
  await store.remove(note);
}
