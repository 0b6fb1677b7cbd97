/**
 * The held-out set (**ours**): tasks that only measure. Split off the human seeds, or given by a file; one half steers
 * (its losses make the signals), the other is reported and never used to choose. A held-out task never enters a
 * prompt, the seed pool or the dataset.
 */
import type { HeldOutRow, Seed } from '../../activities/types.js';
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import type { Tokenisation } from '../../similarity/tokenise.js';
import { seededRandom } from '../random.js';

/** Share of the human seeds that is held out. */
export const HELD_OUT_SHARE = 0.2;
/** At least this many are, where the seeds are enough: never more than half of them. */
export const HELD_OUT_MINIMUM = 32;
/** A candidate (or seed) above this ROUGE-L of a held-out task is a leak. */
export const LEAK_THRESHOLD = 0.7;

export interface HeldOutSplit {
  /** Steering rows first, then reporting rows; each half in a seeded random order. */
  rows: HeldOutRow[];
  /** The seeds that may be shown to the teacher, in their given order. */
  pool: Seed[];
  /** Seeds that left the pool because they are above 0.7 ROUGE-L of a held-out task without being one. */
  leaked: { seedId: string; heldOutId: string; similarity: number }[];
  warnings: string[];
}

/** Splits human seeds by the run's seed. Seeds without an output cannot be held out: there is no answer to measure. */
export function splitHeldOut(input: {
  seeds: readonly Seed[];
  runSeed: number;
  share?: number;
  tokenisation: Tokenisation;
}): HeldOutSplit {
  const measurable = input.seeds.filter((seed) => answerOf(seed) !== null);
  const wanted = Math.max(Math.round(input.seeds.length * (input.share ?? HELD_OUT_SHARE)), HELD_OUT_MINIMUM);
  const count = Math.min(wanted, Math.floor(input.seeds.length / 2), measurable.length);
  const chosen = seededRandom(input.runSeed, 'held-out').sample(measurable, count);
  const warnings =
    count < wanted
      ? [
          `${count} of ${input.seeds.length} seeds are held out, fewer than the ${wanted} that a steady signal needs`,
        ]
      : [];
  return split({ heldOut: chosen, seeds: input.seeds, tokenisation: input.tokenisation, warnings });
}

/**
 * Takes a file's tasks as the held-out set, and takes whatever equals or nearly equals one of them out of the seeds.
 * Tasks without an output are left out with a warning.
 */
export function useHeldOut(input: {
  heldOut: readonly Seed[];
  seeds: readonly Seed[];
  runSeed: number;
  tokenisation: Tokenisation;
}): HeldOutSplit {
  const measurable = input.heldOut.filter((seed) => answerOf(seed) !== null);
  const missing = input.heldOut.length - measurable.length;
  return split({
    heldOut: seededRandom(input.runSeed, 'held-out').shuffle(measurable),
    seeds: input.seeds,
    tokenisation: input.tokenisation,
    warnings: missing > 0 ? [`${missing} held-out tasks have no output and measure nothing`] : [],
  });
}

/** The pool to ask for `heldout-leak`: a candidate leaks when `nearest(instruction, { threshold: LEAK_THRESHOLD })` is not null. */
export function heldOutPool(rows: readonly HeldOutRow[], tokenisation: Tokenisation): RougeLPool {
  const pool = new RougeLPool({ tokenisation });
  for (const row of rows) pool.add(row.id, row.instruction);
  return pool;
}

function split(input: {
  /** In random order: every second one reports. */
  heldOut: readonly Seed[];
  seeds: readonly Seed[];
  tokenisation: Tokenisation;
  warnings: string[];
}): HeldOutSplit {
  const rows = input.heldOut.map((seed, i) => toRow(seed, i % 2 === 0 ? 'steering' : 'reporting'));
  const guard = heldOutPool(rows, input.tokenisation);
  const heldOutIds = new Set(rows.map((row) => row.id));
  const pool: Seed[] = [];
  const leaked: HeldOutSplit['leaked'] = [];
  for (const seed of input.seeds) {
    if (heldOutIds.has(seed.id)) continue;
    const near = guard.nearest(seed.instruction, { threshold: LEAK_THRESHOLD });
    if (near === null) pool.push(seed);
    else leaked.push({ seedId: seed.id, heldOutId: near.id, similarity: near.similarity });
  }
  const warnings = [...input.warnings];
  if (leaked.length > 0) {
    warnings.push(`${leaked.length} seeds nearly equal a held-out task and leave the seed pool`);
  }
  const half = (name: HeldOutRow['half']) => rows.filter((row) => row.half === name);
  return { rows: [...half('steering'), ...half('reporting')], pool, leaked, warnings };
}

function toRow(seed: Seed, half: HeldOutRow['half']): HeldOutRow {
  const answer = answerOf(seed);
  if (answer === null) throw new Error(`held-out task ${seed.id} has no output`);
  return { id: seed.id, half, instruction: seed.instruction, input: answer.input, output: answer.output };
}

/** The first instance with an output: one row per task, so that no task weighs more than another. */
function answerOf(seed: Seed) {
  return seed.instances.find((instance) => instance.output.trim() !== '') ?? null;
}
