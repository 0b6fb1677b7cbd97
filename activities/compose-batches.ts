import { composeBatches as compose } from '../methods/sedi/batches.js';
import { readJson, readJsonIfAny, readJsonlAt, toJson, writeJsonl } from '../store/artifacts.js';
import type { ExampleRow } from './rows.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { roundFiles } from './run-files.js';
import type { TrainingBatch } from './student-messages.js';
import type { Candidate, ComposeInput, ComposeResult } from './types.js';

/**
 * Composes this round's batches from what waited and what was accepted. Only the first `target` accepted examples
 * of the run take part: what comes after them is surplus and must not train the student either, until the target is raised.
 */
export async function composeBatches(runs: Runs, input: ComposeInput): Promise<ComposeResult> {
  const { run, round, acceptedBefore } = input;
  const recipe = await runs.recipe(run);
  const { method, batchSize, filter } = recipe;
  const target = await targetInForce(runs, input, recipe);
  const files = roundFiles(run.runId, round);
  const candidates = await readJsonlAt<Candidate>(runs.store, files.candidates);
  const accepted = candidates.filter(({ verdict }) => verdict.state === 'accepted').map(toExample);
  const before = roundFiles(run.runId, round - 1);
  const waited = round === 1 ? [] : await readJsonlAt<ExampleRow>(runs.store, before.waiting);
  const heldBack = await readJsonlAt<ExampleRow>(runs.store, before.heldBack, { missing: 'empty' });
  const coming = [...heldBack, ...accepted];
  const wanted = Math.max(0, target - (acceptedBefore - heldBack.length));
  const waiting = [...waited, ...coming.slice(0, wanted)];
  // A target that was raised and lowered again: an earlier play of this round may have held others back.
  if (coming.length > wanted) await writeJsonl(runs.store, files.heldBack, coming.slice(wanted));
  else await runs.store.remove(files.heldBack);
  const composed =
    method === 'sedi'
      ? compose({ waiting, batchSize, threshold: filter.batchThreshold, tokenisation: filter.tokens })
      : { batches: [], waiting };
  const batches: TrainingBatch[] = composed.batches.map((examples, index) => ({
    batch: `r${String(round).padStart(3, '0')}-b${String(index).padStart(3, '0')}`,
    examples,
  }));
  return {
    batches: await writeJsonl(runs.store, files.batches, batches),
    waiting: await writeJsonl(runs.store, files.waiting, composed.waiting),
  };
}

/** The target that this round was first composed by, whatever it is when that is repeated. */
async function targetInForce(
  { store }: Runs,
  { run, round, target }: ComposeInput,
  recipe: StoredRecipe,
): Promise<number> {
  const { composedTarget, waiting } = roundFiles(run.runId, round);
  const kept = await readJsonIfAny<{ target: number }>(store, composedTarget);
  if (kept) return kept.target;
  // Batches without a file beside them were composed by the recipe's own.
  if (target === recipe.target || (await store.read(waiting)) !== undefined) return recipe.target;
  await store.create(composedTarget, `${toJson({ target })}\n`);
  return (await readJson<{ target: number }>(store, composedTarget)).target;
}

function toExample({ id, instruction, input, output }: Candidate): ExampleRow {
  return { id, instruction, input, output };
}
