import { runFiles } from '../activities/run-files.js';
import type { RecordedChange } from '../activities/types.js';
import { excerpt } from '../methods/text.js';
import { readJson } from '../store/artifacts.js';
import type { Store } from '../store/types.js';

/** Everything that was changed in a run while it lived, oldest first; by whom, when, and what in words. */
export async function readChanges(store: Store, runId: string): Promise<RecordedChange[]> {
  const names = await store.list(runFiles(runId).changes);
  const changes = await Promise.all(names.map((name) => readJson<RecordedChange>(store, name)));
  return changes.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.version - b.version));
}

/** `2026-11-22 14:02 UTC · ann: target 500 → 800`, for a terminal. */
export function changeLine({ at, by, what }: RecordedChange): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC · ${excerpt(by)}: ${excerpt(what, 300)}`;
}
