/** What a fork is started from: checked against the run that it comes from. */
import type { Recipe } from '../../activities/recipe.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import { runFiles } from '../../activities/run-files.js';
import { liveThresholds } from '../../activities/thresholds.js';
import type { Aspect, HeldOutRow, RecordedState } from '../../activities/types.js';
import { oneLine } from '../../methods/text.js';
import { readJsonIfAny, readJsonlAt, refTo } from '../../store/artifacts.js';
import { checkRunId } from '../../store/names.js';
import type { Store } from '../../store/types.js';
import { checkHalves, targetOf } from '../read-inputs.js';
import type { GivenRows } from '../run-identity.js';
import { readScorer } from '../scorer-folder.js';
import type { StartInputs } from '../start-run.js';
import { forkPoint, type Parent, readParent } from './fork-point.js';
import { forkRecipe } from './fork-recipe.js';
import { givenRows } from './fork-state.js';
import { refuseChanges, remakesScores } from './refusals.js';

/** Longest value that `forkedFrom` shows. */
const longestValue = 60;

export interface ForkRequest {
  /** The run that is forked. */
  runId: string;
  /** null: the last complete one. */
  round: number | null;
  /** `key=value` changes of its recipe. */
  set: string[];
}

/**
 * Reads what a fork begins with. `note`: what a person should know of it, or null.
 * @throws UserError when there is no such run or round, or a key cannot be changed in a fork.
 */
export async function readFork(
  store: Store,
  { runId, round: asked, set }: ForkRequest,
): Promise<{ inputs: StartInputs; note: string | null }> {
  checkRunId(runId);
  const parent = await readParent(store, runId);
  const change = forkRecipe(parent.recipe, [...(await setSince(store, parent)), ...set]);
  const found = await forkPoint(store, parent, asked);
  // Scores of two kinds cannot be compared: all parts are scored again.
  const isScoredAnew = change.base.method === 'deita' && change.changed.some(remakesScores);
  const point = isScoredAnew ? { ...found, round: 0 } : found;
  refuseChanges({ ...change, point, skills: await skillsOf(store, parent) });
  const { base, recipe, changed } = change;
  if (startsFromData(recipe.method)) recipe.target = targetOf(recipe, (await givenRows(store, runId)).rows);
  await checkStudent(store, { runId, recipe });
  const from = {
    runId,
    round: point.round,
    changed: changed.map((key) => `${key}: ${valueAt(base, key)} → ${valueAt(recipe, key)}`),
  };
  const thresholds = Object.fromEntries(
    Object.entries(liveThresholds(base)).filter(([key]) => changed.includes(key)),
  );
  const inputs: StartInputs = {
    recipe,
    seeds: [],
    heldOut: null,
    given: await newScorers(recipe, base),
    fork: { from, hash: parent.manifest.hash, hasLists: point.hasLists, thresholds },
  };
  return { inputs, note: point.round === found.round ? found.note : null };
}

/** Target and thresholds that people have set in the parent hold for its forks too; a budget is one of its own books. */
async function setSince(store: Store, { manifest }: Parent): Promise<string[]> {
  const recorded = await readJsonIfAny<RecordedState>(store, runFiles(manifest.runId).state);
  const { target, thresholds = {} } = recorded ?? {};
  const set = { ...(target !== undefined && { target }), ...thresholds };
  return Object.entries(set).map(([key, value]) => `${key}=${value}`);
}

/** null: not known yet, or none are drawn. */
async function skillsOf(store: Store, { manifest, names }: Parent): Promise<number | null> {
  const { skills } = runFiles(manifest.runId);
  return names.has(skills) ? (await refTo(store, skills)).count : null;
}

/** A student that was not asked before needs tasks to be measured on. */
async function checkStudent(
  store: Store,
  { runId, recipe }: { runId: string; recipe: Recipe },
): Promise<void> {
  if (recipe.signal === 'none') return;
  const rows = await readJsonlAt<HeldOutRow>(store, runFiles(runId).heldOut, { missing: 'empty' });
  checkHalves(rows, { recipe, seedsFile: `the seeds of ${runId}` });
}

/** Adapters of scorers that the parent did not have. */
async function newScorers({ score }: Recipe, base: Recipe): Promise<GivenRows> {
  const scorers: NonNullable<GivenRows['scorers']> = {};
  for (const aspect of ['complexity', 'quality'] satisfies Aspect[]) {
    const folder = score?.[aspect];
    if (folder !== undefined && folder !== base.score?.[aspect]) scorers[aspect] = await readScorer(folder);
  }
  return Object.keys(scorers).length > 0 ? { scorers } : {};
}

/** In words, without control characters: recipes hold texts of any kind. */
function valueAt(recipe: Recipe, key: string): string {
  let value: unknown = recipe;
  for (const part of key.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  if (value === undefined || value === null) return 'none';
  const text = oneLine(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
