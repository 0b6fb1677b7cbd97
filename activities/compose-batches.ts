import { composeBatches as compose } from '../methods/sedi/batches.js';
import { readJsonlAt, writeJsonl } from '../store/artifacts.js';
import type { ExampleRow } from './rows.js';
import type { Runs } from './run-data.js';
import { roundFiles } from './run-files.js';
import type { TrainingBatch } from './student-messages.js';
import type { Candidate, ComposeInput, ComposeResult } from './types.js';

/**
 * Composes this round's batches from what waited and what was accepted. Only the first `target` accepted examples
 * of the run take part: what comes after them is surplus and must not train the student either, until the target is raised.
 */
export async function composeBatches(
  runs: Runs,
  { run, round, target, acceptedBefore }: ComposeInput,
): Promise<ComposeResult> {
  const { method, batchSize, filter } = await runs.recipe(run);
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

function toExample({ id, instruction, input, output }: Candidate): ExampleRow {
  return { id, instruction, input, output };
}
