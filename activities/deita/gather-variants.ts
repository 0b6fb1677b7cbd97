import { type EliminationReason, eliminated } from '../../methods/deita/eliminate.js';
import { parseEvolved, parseGain } from '../../methods/deita/evolve-prompts.js';
import { candidateId, contentHash } from '../../methods/identity.js';
import { readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import { callsByCandidate, type PlannedCallRow, readAnswered } from '../phase-calls.js';
import type { EvolveSettings } from '../recipe-deita.js';
import type { Runs, StoredRecipe } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import { scanCandidates } from '../scan-candidates.js';
import { lineageOf } from '../screen-candidates.js';
import type { Candidate, Ref, RoundInput, Verdict } from '../types.js';
import {
  evolutionOf,
  evolveOf,
  type Origin,
  readOrigins,
  survivorsBefore,
  variantText,
} from './evolution.js';

/** A round of a run whose recipe is known. */
export interface EvolvedRound {
  store: Store;
  recipe: StoredRecipe;
  runId: string;
  round: number;
}

/**
 * Makes a candidate of every answer that a round's calls for variants have brought, and gives it its first verdict: what needs
 * no judge. What passes stays undecided until it is known whether it gains anything.
 */
export async function gatherVariants(
  runs: Runs,
  { run, round }: RoundInput,
): Promise<{ variants: Ref; undecided: number }> {
  const recipe = await runs.recipe(run);
  const made = await madeVariants({ store: runs.store, recipe, runId: run.runId, round });
  const variants = await writeJsonl(runs.store, roundFiles(run.runId, round).screened, made);
  return { variants, undecided: made.filter(({ verdict }) => verdict.state === 'undecided').length };
}

/** Gives every variant of a round its last verdict: it is eliminated, or its origin is evolved from it from now on. */
export async function decideVariants(
  runs: Runs,
  { run, round }: RoundInput,
): Promise<{ variants: Ref; accepted: number; note: string }> {
  const recipe = await runs.recipe(run);
  const files = roundFiles(run.runId, round);
  const made = await readJsonlAt<Candidate>(runs.store, files.screened);
  const decided = await decidedVariants({ store: runs.store, recipe, runId: run.runId, round }, made);
  const variants = await writeJsonl(runs.store, files.candidates, decided);
  const accepted = decided.filter(({ verdict }) => verdict.state === 'accepted').length;
  return { variants, accepted, note: noteOf(decided, accepted) };
}

/** From nothing but the answers and the rounds before. */
export async function madeVariants({ store, recipe, runId, round }: EvolvedRound): Promise<Candidate[]> {
  const evolve = evolveOf(recipe);
  const origins = await readOrigins(store, runId);
  const before = await survivorsBefore(store, { runId, round, origins, evolve });
  const answered = await readAnswered({ store }, { run: { runId }, round, phase: 'evolve' });
  return answered.map((row) => {
    const place = row.plan.deita?.origin ?? -1;
    const [origin, last] = [origins[place], before[place]?.at(-1)];
    if (!origin || !last) throw new Error('a planned variant without its origin');
    return newVariant({ row, place, origin, before: last.text, round, evolve });
  });
}

function newVariant(options: {
  row: PlannedCallRow;
  place: number;
  origin: Origin;
  /** What was to be evolved. */
  before: string;
  round: number;
  evolve: EvolveSettings;
}): Candidate {
  const { row, place, origin, before, round, evolve } = options;
  const { plan, call } = row;
  const { aspect } = evolve;
  const text = parseEvolved({ text: call.text ?? '', truncated: call.truncated, aspect });
  const texts =
    aspect === 'complexity'
      ? { instruction: text ?? '', input: '', output: '' }
      : { instruction: origin.instruction, input: '', output: text ?? '' };
  const reason = text === null ? 'unparsable' : eliminated({ before, after: text, gain: null });
  return {
    // Named after the call that made it, so that the same answers give the same ids.
    id: candidateId({ callKey: call.sampleKey as string, position: 0, instance: 0 }),
    contentHash: contentHash(texts),
    round,
    callIndex: plan.callIndex,
    position: 0,
    instance: 0,
    ...texts,
    isClassification: null,
    calls: [lineageOf(call)],
    seedIds: [],
    nearest: null,
    verdict: reason === null ? { state: 'undecided' } : { state: 'rejected', reason },
    evolution: { origin: origin.id, row: place, strategy: plan.deita?.strategy ?? '', gain: null },
  };
}

/** From the first verdicts, the answers and the rounds before. */
export async function decidedVariants(
  { store, recipe, runId, round }: EvolvedRound,
  made: readonly Candidate[],
): Promise<Candidate[]> {
  const evolve = evolveOf(recipe);
  const origins = await readOrigins(store, runId);
  const before = await survivorsBefore(store, { runId, round, origins, evolve });
  const judged = await callsByCandidate({ store }, { run: { runId }, round, phase: 'gain' });
  const decided = made.map((candidate) => {
    if (candidate.verdict.state !== 'undecided') return candidate;
    const row = judged.get(candidate.id);
    const isAnswered = row?.call.outcome === 'answered';
    const gain = isAnswered ? parseGain(row.call.text ?? '') : null;
    const evolution = evolutionOf(candidate);
    const reason = eliminated({
      before: before[evolution.row]?.at(-1)?.text ?? '',
      after: variantText(candidate, evolve),
      gain,
    });
    return {
      ...candidate,
      calls: isAnswered ? [...candidate.calls, lineageOf(row.call)] : candidate.calls,
      verdict: verdictOf(reason),
      evolution: { ...evolution, gain },
    };
  });
  return await scanCandidates(decided, recipe);
}

function verdictOf(reason: EliminationReason | null): Verdict {
  return reason === null ? { state: 'accepted' } : { state: 'rejected', reason };
}

/** `12 variants, 9 kept, no-gain 2, refusal 1` */
function noteOf(variants: readonly Candidate[], kept: number): string {
  const reasons = new Map<string, number>();
  for (const { verdict } of variants)
    if (verdict.state === 'rejected') reasons.set(verdict.reason, (reasons.get(verdict.reason) ?? 0) + 1);
  const counted = [...reasons].sort().map(([reason, n]) => `${reason} ${n}`);
  return [`${variants.length} variants`, `${kept} kept`, ...counted].join(', ');
}
