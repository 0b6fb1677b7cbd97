/** How earlier runs of Instruct-SkillMix found their skills and query types. */
import type { RunResult } from '../../activities/export-dataset.js';
import { extractionPhases } from '../../activities/phases.js';
import type { PlanRow } from '../../activities/rows.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { CallPhase } from '../../activities/types.js';
import { readJsonIfAny, readJsonlAt } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';

/** One run's extraction, from its first round to its last. */
export interface Extraction {
  runId: string;
  settings: Pick<NonNullable<StoredRecipe['skillmix']>, 'skills' | 'queryTypes'>;
  rounds: number;
  calls: Partial<Record<CallPhase, number>>;
  /** Different names of a dataset's skills, before synonyms were merged. */
  names: number;
}

/** null: the run had nothing to extract, or has not come to its end. `rounds`: how far the run has come. */
export async function measureExtraction(
  store: Store,
  { runId, run, rounds }: { runId: string; run: StoredRecipe; rounds: number },
): Promise<Extraction | null> {
  const { skillmix } = run;
  if (skillmix === undefined) return null;
  const { skills, queryTypes, extractOnly } = skillmix;
  const extraction: Extraction = { runId, settings: { skills, queryTypes }, rounds: 0, calls: {}, names: 0 };
  for (let round = 1; round <= rounds; round += 1) {
    if (!(await addRound(store, { extraction, round }))) return extraction.rounds > 0 ? extraction : null;
  }
  // Whether another round was to follow is known only of a run that has written examples, or was to write none.
  const result = await readJsonIfAny<RunResult>(store, runFiles(runId).result);
  return extractOnly && result?.state === 'finished' ? extraction : null;
}

/** Whether the round has extracted anything: those that do come first. */
async function addRound(
  store: Store,
  { extraction, round }: { extraction: Extraction; round: number },
): Promise<boolean> {
  const { runId, calls } = extraction;
  let planned = 0;
  for (const phase of extractionPhases) {
    const name = roundFiles(runId, round).phase(phase).plan;
    const plan = await readJsonlAt<PlanRow>(store, name, { missing: 'empty' });
    planned += plan.length;
    calls[phase] = (calls[phase] ?? 0) + plan.length;
    if (phase === 'embeddings') extraction.names += plan.flatMap(({ mix }) => mix?.names ?? []).length;
  }
  if (planned > 0) extraction.rounds += 1;
  return planned > 0;
}
