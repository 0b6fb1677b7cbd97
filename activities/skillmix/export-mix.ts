import { type Coverage, coverage, type UsedCombination } from '../../methods/skillmix/coverage.js';
import { readJsonlAt, writeJson, writeJsonl } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import type { PlanRow } from '../rows.js';
import { type Runs, type StoredRecipe, skillMixOf } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { Candidate, RunContext } from '../types.js';
import { drawnLists } from './skill-lists.js';

/** One row as the authors' scripts read it. */
export interface AuthorsRow {
  instruction: string;
  input: string;
  output: string;
  skills_joined_str: string;
  query_str: string;
  generator: string;
}

/** Writes what only a run of Instruct-SkillMix has: the authors' format, its lists, and how often each was used. */
export async function exportMix(
  runs: Runs,
  { run, rounds, kept }: { run: RunContext; rounds: number; kept: readonly Candidate[] },
): Promise<void> {
  const { store } = runs;
  const file = runFiles(run.runId).dataset;
  // A run that was cancelled while it extracted has none yet.
  const lists = await drawnLists(runs, run, { missing: 'empty' });
  await store.write(file('skillmix.json'), `${JSON.stringify(kept.map(authorsRow), null, 2)}\n`);
  await writeJsonl(store, file('skills.jsonl'), lists.skills);
  await writeJsonl(store, file('query-types.jsonl'), lists.queryTypes);
  const recipe = await runs.recipe(run);
  const covered = await coverageOf(store, { runId: run.runId, rounds, recipe, kept });
  await writeJson(store, file('coverage.json'), covered);
}

/** How often planned examples were to use what they are drawn from; `kept` are those that count as accepted. */
export async function coverageOf(
  store: Store,
  {
    runId,
    rounds,
    recipe,
    kept,
  }: { runId: string; rounds: number; recipe: StoredRecipe; kept: readonly Candidate[] },
): Promise<Coverage> {
  const lists = await drawnLists({ store }, { runId }, { missing: 'empty' });
  const inDataset = new Set(kept.map(({ round, callIndex }) => `${round} ${callIndex}`));
  const used: UsedCombination[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const plan = roundFiles(runId, round).phase('draft').plan;
    for (const { mix, callIndex } of await readJsonlAt<PlanRow>(store, plan, { missing: 'empty' })) {
      const isAccepted = inDataset.has(`${round} ${callIndex}`);
      used.push({ skills: mix?.skills ?? [], queryType: mix?.queryType ?? '', isAccepted });
    }
  }
  const { k, skills } = skillMixOf(recipe);
  return coverage({
    skills: skills.from === 'none' ? [] : lists.skills.map(({ skill }) => skill),
    queryTypes: lists.queryTypes,
    k: skills.from === 'none' ? 0 : k,
    used,
  });
}

/** An example as the authors' scripts read it. */
export function authorsRow({
  instruction,
  input,
  output,
  mix,
  calls,
}: Pick<Candidate, 'instruction' | 'input' | 'output' | 'mix' | 'calls'>): AuthorsRow {
  return {
    instruction,
    input,
    output,
    skills_joined_str: mix?.skills.join(', ') ?? '',
    query_str: mix?.queryType ?? '',
    generator: calls[0]?.model ?? '',
  };
}
