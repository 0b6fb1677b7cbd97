import { type RecipeChanges, RunHarness } from '../run-harness.js';
import { type Dataset, readDataset } from './dataset.js';

/** A run of a few rounds, for tests that disturb it. */
export const fewRounds: RecipeChanges = { target: 30, generation: { callsPerRound: 3 } };

let undisturbed: Promise<Dataset> | undefined;

/**
 * What `fewRounds` comes to when nothing happens to it; made once. Ask for it before the test's own harness is
 * started: the workers of two would take each other's tasks.
 */
export function undisturbedDataset(): Promise<Dataset> {
  undisturbed ??= runUndisturbed();
  return undisturbed;
}

async function runUndisturbed(): Promise<Dataset> {
  const harness = await RunHarness.start();
  try {
    return await readDataset(harness, await harness.finishedRun(fewRounds));
  } finally {
    await harness.stop();
  }
}
