/** What a run's new candidates are compared with: seeds, and everything that passed the screen before them. */
import { RougeLPool } from '../similarity/rouge-l-pool.js';
import { readJsonlAt } from '../store/artifacts.js';
import type { Runs } from './run-data.js';
import { roundFiles } from './run-files.js';
import { RunPools } from './run-pools.js';
import type { Candidate, RoundInput, Seed, Verdict } from './types.js';

/** A neighbour far away takes a look at the whole pool: some milliseconds up to this size. */
const poolSizeWithNearest = 10_000;

export class RunPool {
  private readonly runs: Runs;
  private readonly pools = new RunPools<RougeLPool>();

  constructor(runs: Runs) {
    this.runs = runs;
  }

  /** The pool as it was before a round; from memory, or rebuilt from the store. `keep` gives it back. */
  async before({ run, round }: RoundInput): Promise<RougeLPool> {
    const pool = this.pools.take(run.runId, round - 1) ?? (await this.built({ run, round: round - 1 }));
    await this.addJoined(pool, { run, round });
    return pool;
  }

  /** Seeds that people added while the run lived join before the round's own instructions. */
  private async addJoined(pool: RougeLPool, { run, round }: RoundInput): Promise<void> {
    const { joinedSeeds } = roundFiles(run.runId, round);
    for (const seed of await readJsonlAt<Seed>(this.runs.store, joinedSeeds, { missing: 'empty' }))
      pool.add(seed.id, seed.instruction);
  }

  /** The pool with a round and all before it, from the store. */
  private async built({ run, round }: RoundInput): Promise<RougeLPool> {
    const { filter } = await this.runs.recipe(run);
    const pool = new RougeLPool({ tokenisation: filter.tokens });
    const human = await readJsonlAt<{ id: string; instruction: string; origin: string }>(
      this.runs.store,
      roundFiles(run.runId, 1).seedPool,
    );
    for (const seed of human) pool.add(seed.id, seed.instruction);
    for (let earlier = 1; earlier <= round; earlier += 1) {
      await this.addJoined(pool, { run, round: earlier });
      // Rounds that extract skills have no candidates.
      const screened = roundFiles(run.runId, earlier).screened;
      const rows = await readJsonlAt<Candidate>(this.runs.store, screened, { missing: 'empty' });
      for (const { id, instruction, verdict } of rows) {
        if (verdict.state !== 'rejected') pool.add(id, instruction);
      }
    }
    return pool;
  }

  keep({ run, round }: RoundInput, pool: RougeLPool): void {
    this.pools.keep(run.runId, { pool, rounds: round });
  }
}

/** In a small pool the exact nearest neighbour, for people; in a large one only what decides. */
export function nearestIn(pool: RougeLPool, instruction: string, threshold: number): Candidate['nearest'] {
  if (pool.size <= poolSizeWithNearest) return pool.nearest(instruction);
  return pool.nearest(instruction, { threshold }) ?? { atMost: threshold };
}

/** The rejection of a candidate that is too similar to its nearest neighbour; null: it is not. */
export function tooSimilar(nearest: Candidate['nearest'], threshold: number): Verdict | null {
  if (nearest === null || !('id' in nearest) || nearest.similarity <= threshold) return null;
  return {
    state: 'rejected',
    reason: 'similar',
    detail: `${nearest.similarity.toFixed(3)} to ${nearest.id}`,
  };
}
