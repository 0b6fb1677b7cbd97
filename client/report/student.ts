/** What the student measured: loss of each batch, which were attractive, and the seeds that came of them. */
import type { StoredRecipe } from '../../activities/run-data.js';
import type { RefinedRound } from '../../activities/refine-seeds.js';
import { roundFiles } from '../../activities/run-files.js';
import type { BatchSignal } from '../../activities/student-messages.js';
import type { Seed } from '../../activities/types.js';
import { attractiveBatches } from '../../methods/sedi/attractive.js';
import { readJsonIfAny, readJsonlAt, rowsWithIds } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import type { StatusReport } from '../status.js';
import { cut, pointCharacters } from './cut.js';
import type { RunOf } from './look-up.js';
import type { ReportStudent } from './report-data.js';
import { SeededSample } from './seeded-sample.js';

type Batch = ReportStudent['batches'][number];
type StudentSeed = ReportStudent['seeds'][number];

const mostBatches = { attractive: 1_000, others: 2_000 };
const mostSeeds = 1_000;

/** null where no student has measured anything. */
export async function readStudent(
  store: Store,
  options: RunOf & {
    recipe: StoredRecipe;
    status: Pick<StatusReport, 'heldOutLoss'>;
    /** Whether the report's table has an example. */
    isShown: (id: string) => boolean;
    seed: string;
  },
): Promise<{ student: ReportStudent; batches: number; seeds: number } | null> {
  const { runId, rounds, recipe, status, isShown, seed } = options;
  const attractive = new SeededSample<Batch>({ size: mostBatches.attractive, seed });
  const others = new SeededSample<Batch>({ size: mostBatches.others, seed });
  const seeds = new SeededSample<StudentSeed>({ size: mostSeeds, seed });
  for (let round = 1; round <= rounds; round += 1) {
    const signals = await readJsonlAt<BatchSignal>(store, roundFiles(runId, round).signal, {
      missing: 'empty',
    });
    if (signals.length === 0) continue;
    const share = recipe.refine.attractiveShare;
    const best = new Set(attractiveBatches({ signals, share }).map(({ batch }) => batch));
    for (const signal of signals) {
      const isAttractive = best.has(signal.batch);
      const sample = isAttractive ? attractive : others;
      sample.offer(signal.batch, () => ({
        round,
        batch: signal.batch,
        size: signal.examples.length,
        loss: meanLoss(signal),
        score: signal.gain,
        attractive: isAttractive,
        examples: signal.examples.map(({ id }) => id).filter(isShown),
      }));
    }
    for (const one of await seedsOf(store, { runId, round })) seeds.offer(`${round} ${one.id}`, () => one);
  }
  const heldOut = status.heldOutLoss.map(({ round, before, after }) => ({ round, before, after }));
  const batches = attractive.seen + others.seen;
  if (batches === 0 && heldOut.length === 0) return null;
  return {
    student: {
      model: recipe.student.model,
      batches: [...attractive.rows(), ...others.rows()].sort(
        (a, b) => a.round - b.round || (a.batch < b.batch ? -1 : 1),
      ),
      heldOut,
      seeds: seeds.rows(),
    },
    batches,
    seeds: seeds.seen,
  };
}

function meanLoss({ examples }: BatchSignal): number | null {
  if (examples.length === 0) return null;
  return examples.reduce((sum, { answerLoss }) => sum + answerLoss, 0) / examples.length;
}

/** Those that joined the pool by this round's signal. */
async function seedsOf(
  store: Store,
  { runId, round }: { runId: string; round: number },
): Promise<StudentSeed[]> {
  const refined = await readJsonIfAny<RefinedRound>(store, roundFiles(runId, round).refined);
  const name = roundFiles(runId, round + 1).seedPool;
  const bytes = await store.read(name);
  if (!refined || bytes === undefined) return [];
  return [...rowsWithIds<Seed>(bytes, name, new Set(refined.added))].map(({ id, instruction, score }) => ({
    round,
    id,
    text: cut(instruction, pointCharacters),
    score,
  }));
}
