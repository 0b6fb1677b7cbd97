/**
 * SeDi-Instruct's refined seeds: attractive instructions join the next round's pool. That they become the next seeds is the
 * paper's (abstract); every safeguard here is **ours** (METHODS.md, "Seeds").
 */
import type { BatchSignal } from '../../activities/student-messages.js';
import type { Instance, Seed } from '../../activities/types.js';
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import type { Tokenisation } from '../../similarity/tokenise.js';
import {
  type AttractiveInstruction,
  attractiveBatches,
  attractiveInstructions,
  isEvaluation,
} from './attractive.js';
import { STRICT_THRESHOLD } from './batches.js';
import { percentile, rankBy, roundScore } from './rank.js';

/** An older seed's score is multiplied by this each round, so that what was learned long ago gives way. */
export const RANK_DECAY = 0.7;
/** Answer losses outside the round's 5th to 95th percentile are noise or already known. */
export const LOSS_PERCENTILES = { low: 0.05, high: 0.95 } as const;

/** An accepted example of the round's batches (it passed all rejects), with what a seed made of it needs to know. */
export interface AcceptedExample extends Instance {
  id: string;
  instruction: string;
  isClassification: boolean | null;
  /** Seeds that were shown in the prompt it came from. */
  seedIds: readonly string[];
}

export interface RefineSeedsInput {
  /** The pool that the round's prompts were drawn from. */
  pool: readonly Seed[];
  round: number;
  /** null: no signal was asked for. */
  signals: readonly BatchSignal[] | null;
  /** The examples of the batches that the signals tell of. */
  examples: readonly AcceptedExample[];
  /** How many attractive instructions may join (m). */
  top: number;
  /** Seeds the pool may hold, human ones included; human seeds never leave. */
  poolSize: number;
  tokenisation: Tokenisation;
  attractiveShare?: number;
}

export interface RefinedSeeds {
  /** In the given order, new seeds last, best first. */
  pool: Seed[];
  added: Seed[];
  removed: Seed[];
  attractiveBatches: number;
  /** Sentence for people: why the seeds are as they are. */
  note: string;
  warnings: string[];
}

/**
 * The pool of the next round. With `signals: null` (signal `none`) it stays as it is; with signals of which no batch is
 * attractive only the older scores decay. Throws when a signal names an example that was not given.
 */
export function refineSeeds(input: RefineSeedsInput): RefinedSeeds {
  if (input.signals === null) return unchanged(input.pool, 'No signal was asked for: the seeds stay.');
  const aged = input.pool.map((seed) =>
    seed.score === null ? seed : { ...seed, score: roundScore(seed.score * RANK_DECAY) },
  );
  const share = input.attractiveShare === undefined ? {} : { share: input.attractiveShare };
  const attractive = attractiveBatches({ signals: input.signals, ...share });
  if (attractive.length === 0) {
    const measured = input.signals.length;
    return unchanged(
      aged,
      measured === 0
        ? 'No batch was composed in this round: the seeds stay.'
        : `None of ${measured} batches helped the student by more than one standard error: the seeds stay.`,
    );
  }

  const candidates = attractiveInstructions({ signals: input.signals, attractive });
  const { joined, passedOver } = chooseOffspring({ ...input, signals: input.signals, candidates });
  const { pool, removed } = shrink([...aged, ...joined], input.poolSize);
  const leaving = new Set(removed.map((seed) => seed.id));
  const added = joined.filter((seed) => !leaving.has(seed.id));
  return {
    pool,
    added,
    removed: removed.filter((seed) => seed.round !== input.round),
    attractiveBatches: attractive.length,
    note: describe({ input, attractive: attractive.length, added: added.length, removed, passedOver }),
    warnings: warningsFor(pool, input.poolSize),
  };
}

function unchanged(pool: readonly Seed[], note: string): RefinedSeeds {
  return { pool: [...pool], added: [], removed: [], attractiveBatches: 0, note, warnings: [] };
}

type PassedOver = 'loss out of range' | 'too close to another seed' | 'its ancestor has an offspring already';

/** Goes down the ranks until `top` have joined; each that may not is counted under the first safeguard that held it. */
function chooseOffspring(
  input: RefineSeedsInput & {
    signals: readonly BatchSignal[];
    candidates: readonly AttractiveInstruction[];
  },
): { joined: Seed[]; passedOver: Map<PassedOver, number> } {
  const examples = new Map(input.examples.map((example) => [example.id, example]));
  const seeds = new Map(input.pool.map((seed) => [seed.id, seed]));
  const texts = new RougeLPool({ tokenisation: input.tokenisation });
  for (const seed of input.pool) texts.add(seed.id, seed.instruction);
  const losses = input.signals.flatMap((signal) => signal.examples.map((example) => example.answerLoss));
  const low = roundScore(percentile(losses, LOSS_PERCENTILES.low));
  const high = roundScore(percentile(losses, LOSS_PERCENTILES.high));

  const joined: Seed[] = [];
  const passedOver = new Map<PassedOver, number>();
  const passOver = (why: PassedOver) => passedOver.set(why, (passedOver.get(why) ?? 0) + 1);
  const ancestorsWithOffspring = new Set<string>();
  for (const { id, score, answerLoss } of input.candidates) {
    if (joined.length >= input.top) break;
    const example = examples.get(id);
    if (example === undefined) throw new Error(`The signal names example ${id}, which is in no batch`);
    const loss = roundScore(answerLoss);
    const ancestors = ancestorsOf({ example, seeds, tokenisation: input.tokenisation });
    if (loss < low || loss > high) passOver('loss out of range');
    else if (texts.nearest(example.instruction, { threshold: STRICT_THRESHOLD }) !== null) {
      passOver('too close to another seed');
    } else if (ancestors.some((ancestor) => ancestorsWithOffspring.has(ancestor))) {
      passOver('its ancestor has an offspring already');
    } else {
      for (const ancestor of ancestors) ancestorsWithOffspring.add(ancestor);
      texts.add(example.id, example.instruction);
      joined.push(offspring({ example, ancestors, score, round: input.round }));
    }
  }
  return { joined, passedOver };
}

/**
 * The human ancestors of an example: those of the one seed in its prompt that it resembles most. A prompt shows 8 seeds; if
 * all were ancestors, everything would descend from everything after three rounds, "one offspring per ancestor"
 * would let a single one through, and no collapse onto one seed could be seen. Empty when none of them is in the pool.
 */
function ancestorsOf(input: {
  example: AcceptedExample;
  seeds: ReadonlyMap<string, Seed>;
  tokenisation: Tokenisation;
}): string[] {
  const shown = new RougeLPool({ tokenisation: input.tokenisation });
  for (const id of input.example.seedIds) {
    const seed = input.seeds.get(id);
    if (seed !== undefined) shown.add(id, seed.instruction);
  }
  const parent = shown.nearest(input.example.instruction);
  return parent === null ? [] : (input.seeds.get(parent.id)?.ancestors ?? []);
}

function offspring(input: {
  example: AcceptedExample;
  ancestors: string[];
  score: number;
  round: number;
}): Seed {
  const { id, instruction, input: given, output, isClassification } = input.example;
  return {
    id,
    origin: 'machine',
    instruction,
    instances: [{ input: given, output }],
    isClassification,
    ancestors: input.ancestors,
    round: input.round,
    score: input.score,
  };
}

/** Takes out the lowest machine seeds (an unmeasured one counts as 0) until the pool has its size. */
function shrink(pool: readonly Seed[], poolSize: number): { pool: Seed[]; removed: Seed[] } {
  const machine = pool.filter((seed) => seed.origin === 'machine');
  const places = Math.max(0, poolSize - (pool.length - machine.length));
  const ranked = rankBy(machine, (seed) => ({ id: seed.id, score: seed.score ?? 0 }));
  const removed = ranked.slice(places);
  const leaving = new Set(removed.map((seed) => seed.id));
  return { pool: pool.filter((seed) => !leaving.has(seed.id)), removed };
}

function describe(facts: {
  input: RefineSeedsInput;
  attractive: number;
  added: number;
  removed: readonly Seed[];
  passedOver: ReadonlyMap<PassedOver, number>;
}): string {
  const signals = facts.input.signals ?? [];
  const old = facts.removed.filter((seed) => seed.round !== facts.input.round).length;
  const why = [...facts.passedOver].map(([reason, count]) => `${count} ${reason}`).join(', ');
  const measure = isEvaluation(signals) ? 'looked at' : 'attractive';
  return [
    `${facts.attractive} of ${signals.length} batches ${measure}: ${facts.added} seeds joined, ${old} left.`,
    ...(why === '' ? [] : [`Passed over: ${why}.`]),
  ].join(' ');
}

function warningsFor(pool: readonly Seed[], poolSize: number): string[] {
  const human = pool.filter((seed) => seed.origin === 'human').length;
  if (human < poolSize) return [];
  return [`The pool may hold ${poolSize} seeds and has ${human} human ones: no machine-made seed can join`];
}
