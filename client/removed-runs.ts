/** What says in a store that a run is being removed, or was. */
import { UserError } from '../store/errors.js';
import type { Store } from '../store/types.js';

/** Lies in the store while a run is being removed. */
export function removalName(runId: string): string {
  return `index/removing/${runId}.json`;
}

/** Stays in the store once it is settled that a run goes: Temporal and running workers may know its id for long. */
export function removedName(runId: string): string {
  return `index/removed/${runId}.json`;
}

/** Whether it is settled that the run goes, or it is gone. */
export async function isRemoved(store: Store, runId: string): Promise<boolean> {
  return (await store.read(removedName(runId))) !== undefined;
}

/** Names in `index/` that lead to runs: not those of runs that are gone. */
export async function pointerNames(store: Store): Promise<string[]> {
  return (await store.list('index')).filter((name) => !name.startsWith('index/removed/'));
}

/** @throws UserError when a run of this id is being removed, or was. */
export async function refuseRemoved(store: Store, runId: string): Promise<void> {
  // In this order: the note of a removal goes after the other has come.
  if ((await store.read(removalName(runId))) !== undefined)
    throw new UserError(`run ${runId} is removed by halves: "seedmill rm ${runId}" removes the rest`);
  if (await isRemoved(store, runId))
    throw new UserError(
      `run ${runId} was removed; Temporal and the workers may still know it: choose another --id, or leave it out`,
    );
}
