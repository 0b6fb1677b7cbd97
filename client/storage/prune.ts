/** Finds what no run of a store has a use for. */
import type { StoredRecipe } from '../../activities/run-data.js';
import { needsVectors } from '../../activities/recipe-deita.js';
import { runFiles } from '../../activities/run-files.js';
import { eachRow, readJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { responseName } from '../../store/response-store.js';
import type { Store, StoredFile } from '../../store/types.js';
import { previewsFolder } from '../preview/preview-ledger.js';
import { pointerNames, removalName } from '../removed-runs.js';
import { hasEnded } from '../run-identity.js';
import { cacheFolders } from './usage.js';

/** Files of a run that are read at once. */
const lanes = 8;
/** Files that are removed before the next look at who has begun meanwhile. */
const removedBetweenLooks = 500;

export interface Prunable {
  /** The runs that were looked at. */
  runs: string[];
  answers: StoredFile[];
  caches: StoredFile[];
}

/**
 * Stored answers that no run has a call for, and the student's values of texts where no run is left that asked for any (`caches`: in
 * any case).
 * @throws UserError while a run is unfinished: which answers its calls in flight have found is not written down yet.
 */
export async function findPrunable(store: Store, { caches }: { caches: boolean }): Promise<Prunable> {
  const runs = await refuseUnfinished(store);
  // Before anybody's use of them is read: an answer that a preview pays for meanwhile is on no list yet.
  const stored = await store.sizes('calls');
  const used = new Set<string>();
  // What a preview has paid for is there for the run that follows it.
  for (const folder of [...runs, previewsFolder]) await addUsed(store, folder, used);
  const answers = stored.filter(({ name }) => !used.has(name));
  const wanted = new Set((await Promise.all(runs.map((runId) => cachesOf(store, runId)))).flat());
  const unused = cacheFolders.filter((folder) => caches || !wanted.has(folder));
  return { runs, answers, caches: (await Promise.all(unused.map((folder) => store.sizes(folder)))).flat() };
}

/**
 * The runs of the store, all of which have ended.
 * @throws UserError naming those that have not.
 */
export async function refuseUnfinished(store: Store): Promise<string[]> {
  const pointers = await pointerNames(store);
  const ids = await Promise.all(pointers.map((name) => readJson<{ runId: string }>(store, name)));
  const runs = [...new Set(ids.map(({ runId }) => runId))];
  const open: string[] = [];
  const ended: string[] = [];
  for (const runId of runs) {
    const isWhole = (await store.read(runFiles(runId).manifest)) !== undefined;
    if (isWhole && (await hasEnded(store, runId))) ended.push(runId);
    else if (!pointers.includes(removalName(runId))) open.push(runId);
    else throw new UserError(`${runId} is removed by halves: "seedmill rm ${runId}" removes the rest`);
  }
  if (open.length === 0) return ended;
  throw new UserError(
    `nothing is pruned while a run is unfinished, since its calls may have found answers that are not written down yet: ${open.join(', ')}. Let it end, end it with "seedmill cancel", or take it away with "seedmill rm"`,
  );
}

/** Adds the names of the answers that the calls in a run's folder have used, and of those that were paid for there. */
async function addUsed(store: Store, folder: string, used: Set<string>): Promise<void> {
  const files = (await store.list(folder)).filter((name) =>
    /\/shard-\d+\.(calls\.jsonl|ledger\.jsonl|ledger\/.+)$/.test(name),
  );
  const lane = async () => {
    for (let name = files.pop(); name !== undefined; name = files.pop()) {
      const bytes = await store.read(name);
      // The last line of a log may be torn.
      const whole = bytes?.subarray(0, bytes.lastIndexOf(0x0a) + 1) ?? Buffer.alloc(0);
      for (const { callKey } of eachRow<{ callKey?: string | null }>(whole, name))
        if (callKey) used.add(responseName(callKey));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Folders of the student's values that a run has asked for. */
async function cachesOf(store: Store, runId: string): Promise<(typeof cacheFolders)[number][]> {
  const { select, score } = await readJson<StoredRecipe>(store, runFiles(runId).recipe);
  const embeds = select !== undefined && needsVectors(select.by) && select.embedder === 'student';
  return [
    ...(embeds ? (['embeddings'] as const) : []),
    ...(score?.scorer === 'student' ? (['student-scores'] as const) : []),
  ];
}

/**
 * Removes them, some at a time.
 * @throws UserError as soon as there is a run that was not looked at.
 */
export async function removePrunable(store: Store, { runs, answers, caches }: Prunable): Promise<void> {
  const known = new Set(runs);
  const files = [...answers, ...caches];
  for (let at = 0; at < files.length; at += removedBetweenLooks) {
    const begun = (await refuseUnfinished(store)).find((runId) => !known.has(runId));
    if (begun !== undefined)
      throw new UserError(`${begun} has begun meanwhile: what is left to prune stays; prune again`);
    const waiting = files.slice(at, at + removedBetweenLooks);
    const lane = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await store.remove(next.name);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }
}
