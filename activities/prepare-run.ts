import { type HeldOutSplit, splitHeldOut, useHeldOut } from '../methods/sedi/held-out.js';
import { templates as deitaTemplates } from '../methods/deita/templates.js';
import { type Template, templateSource } from '../methods/prompt.js';
import { templates } from '../methods/self-instruct/templates.js';
import { templates as skillMixTemplates } from '../methods/skillmix/templates.js';
import { readJsonlAt, writeJson, writeJsonl } from '../store/artifacts.js';
import type { Recipe } from './recipe.js';
import { startsFromData } from './recipe-deita.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { roundFiles, runFiles } from './run-files.js';
import { skillMixPhasesOf } from './recipe-phases.js';
import type { Ref, RunContext, Seed } from './types.js';

/**
 * Fixes the held-out set, writes the first round's seed pool and keeps the prompt templates with the run.
 * A recipe without a signal still has its held-out set: a candidate near one of its tasks is a leak all the same.
 */
export async function prepareRun(
  runs: Runs,
  { run }: { run: RunContext },
): Promise<{ pool: Ref; heldOut: Ref | null }> {
  const recipe = await runs.recipe(run);
  const files = runFiles(run.runId);
  const seeds = await readJsonlAt<Seed>(runs.store, files.seeds);
  const isGiven = recipe.heldout !== null && 'file' in recipe.heldout;
  const given = isGiven ? await readJsonlAt<Seed>(runs.store, files.heldOutGiven) : null;
  const split = chooseHeldOut(recipe, { seeds, given });
  const isSkillMix = recipe.method === 'skillmix';
  for (const template of templatesOf(recipe)) {
    await runs.store.write(files.prompts(template.name), templateSource(template));
  }
  if (isSkillMix) await prepareLists(runs, { run, recipe });
  const heldOut = await writeJsonl(runs.store, files.heldOut, split.rows);
  await writeJson(runs.store, files.heldOutReport, {
    sha256: heldOut.sha256,
    leaked: split.leaked,
    warnings: split.warnings,
  });
  const pool = await writeJsonl(runs.store, roundFiles(run.runId, 1).seedPool, split.pool);
  return { pool, heldOut: heldOut.count > 0 ? heldOut : null };
}

/** Those of the method's calls, and of DEITA's where the recipe has its stages. */
function templatesOf({ method, score, evolve }: StoredRecipe): readonly Template[] {
  const ofMethod = method === 'skillmix' ? skillMixTemplates : startsFromData(method) ? [] : templates;
  return [...ofMethod, ...(score || evolve ? deitaTemplates : [])];
}

/** Lists that are given are what examples are drawn from, unless something is to be extracted first. */
async function prepareLists(
  { store }: Runs,
  { run, recipe }: { run: RunContext; recipe: StoredRecipe },
): Promise<void> {
  if (skillMixPhasesOf(recipe).extraction.length > 0) return;
  const files = runFiles(run.runId);
  const missing = 'empty';
  await writeJsonl(store, files.skills, await readJsonlAt(store, files.given('skills'), { missing }));
  await writeJsonl(
    store,
    files.queryTypes,
    await readJsonlAt(store, files.given('query-types'), { missing }),
  );
}

/** The held-out set as the recipe wants it, and the seeds that are left; the same at the start and in the run. */
export function chooseHeldOut(
  { heldout, seed, filter }: Recipe,
  { seeds, given }: { seeds: Seed[]; given: Seed[] | null },
): HeldOutSplit {
  const tokenisation = filter.tokens;
  if (given) return useHeldOut({ heldOut: given, seeds, runSeed: seed, tokenisation });
  if (heldout === null || 'file' in heldout) return { rows: [], pool: seeds, leaked: [], warnings: [] };
  return splitHeldOut({ seeds, runSeed: seed, share: heldout.share, tokenisation });
}
