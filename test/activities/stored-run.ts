/** A run whose inputs are in a store, for activities that are called without Temporal. */
import { recipeFile, withDefaults } from '../../activities/recipe.js';
import { Runs, type StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { usedTeachers } from '../../activities/teachers.js';
import type { RunContext, Seed } from '../../activities/types.js';
import { writeJson, writeJsonl } from '../../store/artifacts.js';
import { teacherIdentity } from '../../store/call-key.js';
import { openStore } from '../../store/open-store.js';
import type { Store } from '../../store/types.js';
import { testSeeds } from '../test-seeds.js';

export interface StoredRun {
  store: Store;
  runs: Runs;
  run: RunContext;
}

/** A resolved recipe that asks chats for whole tasks unless told otherwise. */
export function storedRecipe(changes: Record<string, unknown> = {}): StoredRecipe {
  const file = recipeFile.parse({
    name: 'stored',
    method: 'self-instruct',
    target: 10,
    seeds: 'seeds.jsonl',
    ...changes,
    teacher: {
      endpoint: 'openai',
      model: 'scripted',
      baseUrl: 'http://127.0.0.1:9/v1',
      ...(changes.teacher as object | undefined),
    },
  });
  const recipe = withDefaults(file);
  const endpoints = usedTeachers(recipe).map(
    ({ name, id, baseUrl = 'http://127.0.0.1/v1', model, price }) => [
      name,
      { identity: teacherIdentity({ id, baseUrl }), model, queue: `teacher-${name}-test`, price },
    ],
  );
  return { ...recipe, endpoints: Object.fromEntries(endpoints) };
}

export async function storedRun(options: {
  folder: string;
  recipe?: StoredRecipe;
  seeds?: Seed[];
}): Promise<StoredRun> {
  const { folder, recipe = storedRecipe(), seeds = testSeeds() } = options;
  const { store, storeId } = await openStore(folder);
  const run = { runId: 'stored-run', storeUrl: store.url, storeId };
  await writeJson(store, runFiles(run.runId).recipe, recipe);
  await writeJsonl(store, runFiles(run.runId).seeds, seeds);
  return { store, runs: new Runs({ store, storeId }), run };
}
