import { collapseWarnings, type DiversityReport, diversityReport } from '../methods/sedi/diversity.js';
import { type AcceptedExample, refineSeeds as refine } from '../methods/sedi/refine.js';
import {
  readJson,
  readJsonIfAny,
  readJsonl,
  readJsonlAt,
  writeJson,
  writeJsonl,
} from '../store/artifacts.js';
import { CorruptDataError } from '../store/errors.js';
import { acceptedIn } from './accepted.js';
import type { Runs } from './run-data.js';
import { roundFiles } from './run-files.js';
import type { BatchSignal, TrainingBatch } from './student-messages.js';
import type {
  Candidate,
  LossChange,
  Ref,
  RefineInput,
  RefineResult,
  RoundInput,
  RunContext,
  Seed,
} from './types.js';

/** `refined.json`: what one round's refinement did, for people and for the rounds after it. */
export interface RefinedRound {
  round: number;
  loss: LossChange | null;
  attractiveBatches: number;
  added: string[];
  removed: string[];
  note: string;
  warnings: string[];
  diversity: DiversityReport;
  /** Files of seed tasks that people added and that joined after this round. */
  addedSeeds?: Ref[];
}

/**
 * Makes the seed pool of the next round. Self-Instruct: every accepted example joins. SeDi: the most attractive
 * instructions of the round's attractive batches join, or the pool stays as it is.
 */
export async function refineSeeds(runs: Runs, input: RefineInput): Promise<RefineResult> {
  const { run, round } = input;
  const { method } = await runs.recipe(run);
  const policy = method === 'sedi' ? attractivePolicy : everythingPolicy;
  const added = await addedSeeds(runs, input);
  const outcome = withAdded(await policy(runs, input), added.seeds);
  const next = roundFiles(run.runId, round + 1);
  if (added.seeds.length > 0) await writeJsonl(runs.store, next.joinedSeeds, added.seeds);
  else await runs.store.remove(next.joinedSeeds);
  const pool = await writeJsonl(runs.store, next.seedPool, outcome.stored);
  const { diversity, warnings } = await measureDiversity(runs, input, outcome.pool);
  const { attractiveBatches, removed } = outcome;
  const note =
    added.warnings.length > 0 ? `${sentence(outcome.note)} ${added.warnings.join(' ')}` : outcome.note;
  const refined: RefinedRound = {
    round,
    loss: input.loss,
    attractiveBatches,
    added: outcome.added.map((seed) => seed.id),
    removed: removed.map((seed) => seed.id),
    note,
    warnings: [...outcome.warnings, ...added.warnings, ...warnings],
    diversity,
    ...(added.files.length > 0 && { addedSeeds: added.files }),
  };
  await writeJson(runs.store, roundFiles(run.runId, round).refined, refined);
  return {
    pool,
    attractiveBatches,
    added: outcome.added.length,
    removed: removed.length,
    note,
    warnings: refined.warnings,
  };
}

interface AddedSeeds {
  files: Ref[];
  seeds: Seed[];
  /** Files that hold no seed tasks: a round waits for none of them. */
  warnings: string[];
}

/** Seed tasks that people added and that are not in the pool yet. A round that is refined once more takes in the same ones. */
async function addedSeeds(
  runs: Runs,
  { run, round, addedSeeds: given = [] }: RefineInput,
): Promise<AddedSeeds> {
  const before = await readJsonIfAny<RefinedRound>(runs.store, roundFiles(run.runId, round).refined);
  const files = before ? (before.addedSeeds ?? []) : given;
  if (files.length === 0) return { files, seeds: [], warnings: [] };
  const known = new Set((await runs.seedPool(run, round)).map(({ id }) => id));
  const joined: AddedSeeds = { files: [], seeds: [], warnings: [] };
  for (const file of files) {
    const read = await seedsIn(runs, file);
    if (typeof read === 'string') {
      // What has joined before joins again, or the rounds behind this one are others.
      if (before) throw new CorruptDataError(read);
      joined.warnings.push(`Added seed tasks are left out: ${read}.`);
      continue;
    }
    const seeds = read.filter(({ id }) => !known.has(id));
    for (const { id } of seeds) known.add(id);
    if (seeds.length === 0) continue;
    joined.files.push(file);
    joined.seeds.push(...seeds);
  }
  return joined;
}

/** The seed tasks of a file, or why it has none. */
async function seedsIn({ store }: Runs, file: Ref): Promise<Seed[] | string> {
  try {
    const seeds = await readJsonl<Seed>(store, file);
    const wrong = seeds.findIndex((seed) => !isHumanSeed(seed));
    return wrong < 0 ? seeds : `row ${wrong + 1} of ${file.uri} is no seed task`;
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return error.message;
  }
}

function isHumanSeed(seed: Partial<Seed> | null): boolean {
  const { id, origin, instruction, instances, ancestors } = seed ?? {};
  return (
    typeof id === 'string' &&
    origin === 'human' &&
    typeof instruction === 'string' &&
    Array.isArray(ancestors) &&
    Array.isArray(instances) &&
    instances.every((one) => typeof one?.input === 'string' && typeof one.output === 'string')
  );
}

/** With further human seeds behind those that are there. */
function withAdded(outcome: Outcome, seeds: Seed[]): Outcome {
  if (seeds.length === 0) return outcome;
  const joined = (pool: Seed[]) => [
    ...pool.filter(({ origin }) => origin === 'human'),
    ...seeds,
    ...pool.filter(({ origin }) => origin !== 'human'),
  ];
  const { stored, pool, note } = outcome;
  return {
    ...outcome,
    stored: joined(stored),
    pool: joined(pool),
    note: `${sentence(note)} Added by people: ${seeds.length} seed tasks.`,
  };
}

function sentence(text: string): string {
  return text.replace(/\.?$/, '.');
}

interface Outcome {
  /** What `seed-pool.jsonl` of the next round holds. */
  stored: Seed[];
  /** The whole pool of the next round. */
  pool: Seed[];
  added: Seed[];
  removed: Seed[];
  attractiveBatches: number;
  note: string;
  warnings: string[];
}

/** Self-Instruct (§2.2): generated tasks that passed join the pool. Only they are stored; the rest lies in earlier rounds. */
async function everythingPolicy(runs: Runs, { run, round }: RefineInput): Promise<Outcome> {
  const pool = await runs.seedPool(run, round);
  const ancestors = ancestorsOf(pool);
  const accepted = await acceptedOf(runs, { run, round });
  const added = onePerInstruction(accepted).map((candidate): Seed => {
    const { id, instruction, input, output, isClassification, seedIds } = candidate;
    return {
      id,
      origin: 'machine',
      instruction,
      instances: [{ input, output }],
      isClassification,
      ancestors: [...new Set(seedIds.flatMap((seed) => ancestors.get(seed) ?? []))].sort(),
      round,
      score: null,
    };
  });
  return {
    stored: added,
    pool: [...pool, ...added],
    added,
    removed: [],
    attractiveBatches: 0,
    note: `${added.length} accepted instructions joined the seeds`,
    warnings: [],
  };
}

async function attractivePolicy(runs: Runs, { run, round, signal }: RefineInput): Promise<Outcome> {
  const { refine: settings, filter, signal: asked } = await runs.recipe(run);
  const pool = await runs.seedPool(run, round);
  const human = pool.filter((seed) => seed.origin === 'human').length;
  const refined = refine({
    pool,
    round,
    signals: signal && (await readJsonl<BatchSignal>(runs.store, signal)),
    examples: signal ? await examplesOf(runs, { run, round }) : [],
    top: settings.addPerRound,
    poolSize: human + settings.poolSize,
    tokenisation: filter.tokens,
    attractiveShare: settings.attractiveShare,
  });
  const isUnmeasured = asked !== 'none' && signal === null;
  const note = isUnmeasured ? 'No batch was measured in this round: the seeds stay.' : refined.note;
  return { ...refined, note, stored: refined.pool };
}

/** The examples of this round's batches with their lineage; some of them were accepted in earlier rounds. */
async function examplesOf(runs: Runs, { run, round }: RoundInput): Promise<AcceptedExample[]> {
  const batches = await readJsonlAt<TrainingBatch>(runs.store, roundFiles(run.runId, round).batches);
  const wanted = new Set(batches.flatMap(({ examples }) => examples.map(({ id }) => id)));
  const found: AcceptedExample[] = [];
  for (let from = round; from >= 1 && found.length < wanted.size; from -= 1) {
    const accepted = await acceptedOf(runs, { run, round: from });
    found.push(...accepted.filter(({ id }) => wanted.has(id)));
  }
  return found;
}

async function acceptedOf(runs: Runs, { run, round }: RoundInput): Promise<Candidate[]> {
  return await acceptedIn(runs.store, { runId: run.runId, round });
}

/** The first accepted instance of each instruction: the others add nothing where instructions are compared or shown. */
function onePerInstruction(accepted: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return accepted.filter(({ callIndex, position }) => {
    const place = `${callIndex}/${position}`;
    return seen.has(place) ? false : seen.add(place);
  });
}

function ancestorsOf(pool: readonly Seed[]): Map<string, string[]> {
  return new Map(pool.map(({ id, ancestors }) => [id, ancestors]));
}

async function measureDiversity(
  runs: Runs,
  { run, round }: { run: RunContext; round: number },
  pool: Seed[],
): Promise<{ diversity: DiversityReport; warnings: string[] }> {
  const { filter } = await runs.recipe(run);
  const accepted = await acceptedOf(runs, { run, round });
  const diversity = diversityReport({
    round,
    instructions: onePerInstruction(accepted).map(({ instruction }) => instruction),
    pool,
    tokenisation: filter.tokens,
  });
  const firstFile = roundFiles(run.runId, 1).refined;
  const first = round === 1 ? null : (await readJson<RefinedRound>(runs.store, firstFile)).diversity;
  return { diversity, warnings: collapseWarnings({ report: diversity, first }) };
}
