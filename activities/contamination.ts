/** Whether a candidate repeats a prompt of the benchmarks that the recipe names. */
import { Decontaminator } from '../methods/decontaminate.js';
import { readJsonlAt } from '../store/artifacts.js';
import type { BenchmarkPrompt } from './rows.js';
import type { Runs } from './run-data.js';
import { runFiles } from './run-files.js';
import type { RunContext, Verdict } from './types.js';

/** The rejection of a text that repeats a benchmark's prompt; null: it does not. */
export type ContaminationCheck = (text: string) => Verdict | null;

/** Finds nothing where the recipe names no benchmark. */
export async function contaminationCheck(runs: Runs, run: RunContext): Promise<ContaminationCheck> {
  const { decontaminate, filter } = await runs.recipe(run);
  if (decontaminate === undefined) return () => null;
  const prompts = await readJsonlAt<BenchmarkPrompt>(runs.store, runFiles(run.runId).given('benchmark'));
  const { ngram, threshold } = decontaminate;
  const decontaminator = new Decontaminator({ prompts, ngram, threshold, tokenisation: filter.tokens });
  return (text) => {
    const hit = decontaminator.check(text);
    return hit && { state: 'rejected', reason: 'contaminated', detail: `${hit.detail} in ${hit.id}` };
  };
}
