import path from 'node:path';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { readJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { checkRunId } from '../../store/names.js';
import { findStore } from '../../store/open-store.js';
import { seedTasks } from '../../workflows/change-words.js';
import { methodWithoutSeeds } from '../../workflows/settings-rules.js';
import { newSeeds, storeSeeds } from '../added-seeds.js';
import type { Context } from '../context.js';
import { hasEnded } from '../run-identity.js';
import { readSeeds } from '../seeds-file.js';
import { readStatus } from '../status.js';
import { change, person, type Steering } from './steer.js';

/** `seedmill seeds RUN --add FILE`: further seed tasks for a run that lives, from its next round on. */
export async function seeds(
  context: Context,
  runId: string,
  { add: file, by: name }: Steering & { add: string },
): Promise<number> {
  checkRunId(runId);
  const by = person(name);
  const store = await findStore(context.storeUrl);
  await readStatus(store, runId);
  if (await hasEnded(store, runId)) throw new UserError(`seeds ${runId}: the run has ended`);
  const recipe = await readJson<StoredRecipe>(store, runFiles(runId).recipe);
  const reason = methodWithoutSeeds(recipe.method);
  if (reason !== null) throw new UserError(`--add ${file}: nothing has changed: ${reason}`);
  const read = await readSeeds(file);
  const found = await newSeeds(store, { runId, recipe, file, seeds: read });
  for (const line of found.dropped) context.say(`${file}: ${line}, and left out`);
  const ref = await storeSeeds(store, runId, found.seeds);
  const code = await change(context, runId, {
    update: 'addSeeds',
    arg: { by, seeds: ref, file: path.basename(file) },
  });
  context.say(`for its next round: ${seedTasks(found.seeds.length)}`);
  return code;
}
