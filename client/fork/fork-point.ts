/** After which round of a run a fork begins. */
import type { RunResult } from '../../activities/export-dataset.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { Progress } from '../../activities/types.js';
import { readJson, readJsonIfAny } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';
import type { RunManifest } from '../run-identity.js';

/** A run that is forked. */
export interface Parent {
  manifest: RunManifest;
  recipe: StoredRecipe;
  /** Every name in its folder. */
  names: Set<string>;
}

export interface ForkPoint {
  /** The fork begins after this round. */
  round: number;
  /** For people: why it is another one than was asked for; null: it is none. */
  note: string | null;
  /** The parent's skills and query types are found by then. */
  hasLists: boolean;
  /** There is a trained student by then. */
  hasCheckpoint: boolean;
}

/** @throws UserError when there is no such run. */
export async function readParent(store: Store, runId: string): Promise<Parent> {
  const manifest = await readJsonIfAny<RunManifest>(store, runFiles(runId).manifest);
  if (!manifest)
    throw new UserError(`no run ${runId} in ${store.url}; "seedmill list" shows those there are`);
  const recipe = await readJson<StoredRecipe>(store, runFiles(runId).recipe);
  return { manifest, recipe, names: new Set(await store.list(runId)) };
}

/**
 * The round that is asked for, or the last complete one. What stands behind the rounds that generate (scores, a selection, a
 * ranking) is always made again: its answers are in the store.
 * @throws UserError when that round is not complete.
 */
export async function forkPoint(store: Store, parent: Parent, asked: number | null): Promise<ForkPoint> {
  const { manifest, recipe, names } = parent;
  const { runId } = manifest;
  const complete = await completeRounds(store, parent);
  if (asked !== null && asked > complete) {
    const there =
      complete === 0 ? 'none is yet' : complete === 1 ? 'round 1 is' : `rounds 1 to ${complete} are`;
    throw new UserError(`round ${asked} of ${runId} is not complete in the store; ${there}`);
  }
  const most = mostRounds(parent);
  const wanted = asked ?? complete;
  const round = Math.min(wanted, most);
  if (round === 0 && recipe.method !== 'deita') {
    throw new UserError(`no round of ${runId} is complete yet: there is nothing to fork from`);
  }
  const note =
    round === wanted
      ? null
      : `Forks after round ${round}: what ${runId} has made of it in later rounds is made again, from stored answers`;
  const rounds = Array.from({ length: round }, (_, n) => roundFiles(runId, n + 1));
  return {
    round,
    note,
    hasLists: names.has(runFiles(runId).skills) && extractions(parent) <= round,
    hasCheckpoint: rounds.some(({ checkpoint }) => names.has(checkpoint)),
  };
}

/** Rounds that the store has as a whole. */
async function completeRounds(store: Store, parent: Parent): Promise<number> {
  const { manifest, names } = parent;
  const { runId, forkedFrom } = manifest;
  const files = runFiles(runId);
  const result = await readJsonIfAny<RunResult>(store, files.result);
  const progress = await readJsonIfAny<Progress>(store, files.progress);
  let done = progress ? (progress.step === 'round done' ? progress.round : progress.round - 1) : 0;
  // A cancelled run has ended inside its last round.
  if (result) done = result.state === 'cancelled' ? result.rounds - 1 : result.rounds;
  // An extraction ends with its lists, which are kept behind its last round.
  else if (
    names.has(roundFiles(runId, done).extracted) &&
    !names.has(files.skills) &&
    progress?.round === done
  )
    done -= 1;
  return Math.max(done, forkedFrom?.round ?? 0);
}

/** Of those, rounds whose work need not be made again with other settings. */
function mostRounds({ recipe, names }: Parent): number {
  const parts = [...names].flatMap((name) => {
    const found = /\/rounds\/(\d+)\/rows\.jsonl$/.exec(name);
    return found ? [Number(found[1])] : [];
  });
  // The last part is followed by the selection.
  if (recipe.method === 'deita') return Math.max(0, parts.length - 1);
  if (recipe.evolve) return recipe.evolve.rounds;
  // Behind generation, rounds with rows are those that score.
  return Math.min(Number.POSITIVE_INFINITY, ...parts) - 1;
}

function extractions({ manifest, names }: Parent): number {
  let rounds = 0;
  while (names.has(roundFiles(manifest.runId, rounds + 1).extracted)) rounds += 1;
  return rounds;
}
