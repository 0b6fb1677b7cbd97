import { readJsonlAt } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import { roundFiles, runFiles } from './run-files.js';
import type { Seed } from './types.js';

/** Seed tasks that people gave: those that the run was started with, then those that joined up to a round, oldest first. */
export async function humanSeeds(
  store: Store,
  { runId, rounds }: { runId: string; rounds: number },
): Promise<Seed[]> {
  const seeds = await readJsonlAt<Seed>(store, runFiles(runId).seeds, { missing: 'empty' });
  for (let round = 2; round <= rounds; round += 1) {
    const { joinedSeeds } = roundFiles(runId, round);
    for (const seed of await readJsonlAt<Seed>(store, joinedSeeds, { missing: 'empty' })) seeds.push(seed);
  }
  return seeds;
}
