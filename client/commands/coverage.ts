import { type StoredRecipe, skillMixOf } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import type { Coverage } from '../../methods/skillmix/coverage.js';
import { coverageTable } from '../../methods/skillmix/coverage-table.js';
import { readJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { hasEnded } from '../run-identity.js';
import { readStatus } from '../status.js';
import { printJson } from '../terminal.js';

/** Most and least used skills that are shown. */
const rowsShown = 10;

/** `seedmill coverage`: how often a run of Instruct-SkillMix used each skill, pair and query type. Returns the exit code. */
export async function coverage({ storeUrl, json, say }: Context, runId: string): Promise<number> {
  const store = await findStore(storeUrl);
  await readStatus(store, runId);
  const files = runFiles(runId);
  const recipe = await readJson<StoredRecipe>(store, files.recipe);
  if (recipe.method !== 'skillmix') {
    throw new UserError(`${runId} is a run of ${recipe.method}: only skillmix draws skills and query types`);
  }
  if (skillMixOf(recipe).extractOnly) {
    throw new UserError(`${runId} has extracted skills and written no examples: there is nothing to count`);
  }
  if (!(await hasEnded(store, runId))) {
    throw new UserError(`${runId} has not ended: what it used is counted when its dataset is written`);
  }
  const found = await readJson<Coverage>(store, files.dataset('coverage.json'));
  if (json) printJson(found);
  else for (const line of coverageTable(found, { rows: rowsShown })) say(line);
  return 0;
}
