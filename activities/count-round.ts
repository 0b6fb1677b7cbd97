/** Counts of one round, from nothing but what the store holds: the loop, `status` and `verify` all count alike. */
import { readJsonlAt } from '../store/artifacts.js';
import { type Attempt, readAttempts } from '../store/ledger.js';
import { sumLedger } from '../store/ledger-sums.js';
import { sumUsd } from '../store/pricing.js';
import type { Store } from '../store/types.js';
import { callPhases } from './phases.js';
import type { CallRow, PlanRow, ScoredRow } from './rows.js';
import { roundFiles } from './run-files.js';
import type { CallPhase, Candidate, Counts, MissingScore, Tally } from './types.js';

export interface RoundId {
  runId: string;
  round: number;
}

/** What one phase of a round left in the store; shards that have not closed yet have no calls. */
export interface PhaseFiles {
  phase: CallPhase;
  plan: PlanRow[];
  calls: CallRow[];
  attempts: Attempt[];
}

export async function readPhases(store: Store, round: RoundId): Promise<PhaseFiles[]> {
  const phases: PhaseFiles[] = [];
  for (const phase of callPhases) {
    const files = await readPhase(store, round, phase);
    if (files !== null) phases.push(files);
  }
  return phases;
}

/** One of them; null when the round has planned no such calls. */
export async function readPhase(
  store: Store,
  { runId, round }: RoundId,
  phase: CallPhase,
): Promise<PhaseFiles | null> {
  const files = roundFiles(runId, round).phase(phase);
  const plan = await readJsonlAt<PlanRow>(store, files.plan, { missing: 'empty' });
  if (plan.length === 0) return null;
  const calls: CallRow[] = [];
  const attempts: Attempt[] = [];
  for (let shard = 0; shard * callsPerShard < plan.length; shard += 1) {
    calls.push(...(await readJsonlAt<CallRow>(store, files.calls(shard), { missing: 'empty' })));
    attempts.push(...(await readAttempts(store, files.ledger(shard))));
  }
  return { phase, plan, calls, attempts };
}

/** Calls of one shard: its history stays far below the size at which the server wants a fresh run. */
export const callsPerShard = 500;

export async function countRound(store: Store, round: RoundId): Promise<Counts> {
  const files = roundFiles(round.runId, round.round);
  const phases = await readPhases(store, round);
  const decided = await readJsonlAt<Candidate>(store, files.candidates, { missing: 'empty' });
  // Before the last verdicts there are the first ones.
  const candidates =
    decided.length > 0 ? decided : await readJsonlAt<Candidate>(store, files.screened, { missing: 'empty' });
  // A round that scores rows has no candidates.
  const scored =
    candidates.length > 0 ? [] : await readJsonlAt<ScoredRow>(store, files.scores, { missing: 'empty' });
  return {
    ...countCalls(phases),
    candidates: countCandidates(candidates),
    ...countFlags(candidates),
    ...countGate(candidates),
    ...countScores(scored),
  };
}

/** What is counted of calls, whatever came of their answers. */
export type CallCounts = Pick<Counts, 'calls' | 'attempts' | 'tokens' | 'costUsd' | 'unknownUsd'>;

export function countCalls(phases: readonly PhaseFiles[]): CallCounts {
  const failed: Counts['calls']['failed'] = {};
  let answered = 0;
  let fromStore = 0;
  const ways = { mended: 0, repaired: 0, reAsked: 0, givenUp: 0 };
  for (const { calls, attempts } of phases) {
    const sentHere = new Set(attempts.map(({ intent }) => intent.callKey));
    for (const call of calls) {
      if (call.callKey !== null && !sentHere.has(call.callKey)) fromStore += 1;
      if (call.outcome !== 'answered') {
        add(failed, call.outcome);
        if (call.callKey !== null) ways.givenUp += 1;
        continue;
      }
      answered += 1;
      if (call.isMended) ways.mended += 1;
      if (call.via === 'repair') ways.repaired += 1;
      if (call.via === 'fresh') ways.reAsked += 1;
    }
  }
  const sums = phases.map(({ attempts }) => sumLedger(attempts));
  return {
    calls: { planned: total(phases.map(({ plan }) => plan.length)), answered, failed, ...ways },
    attempts: {
      sent: total(sums.map((sum) => sum.sent)),
      fromStore,
      failed: total(sums.map((sum) => sum.failed)),
      unknown: total(sums.map((sum) => sum.unknown)),
    },
    tokens: {
      prompt: total(sums.map((sum) => sum.tokens.prompt)),
      completion: total(sums.map((sum) => sum.tokens.completion)),
      unknown: total(sums.map((sum) => sum.tokens.unknown)),
    },
    costUsd: totalUsd(sums.map((sum) => sum.knownUsd)),
    unknownUsd: totalUsd(sums.map((sum) => sum.unknownUsd)),
  };
}

export function countCandidates(candidates: Iterable<Candidate>): Counts['candidates'] {
  const counts: Counts['candidates'] = { parsed: 0, accepted: 0, undecided: 0, rejected: {} };
  for (const { verdict } of candidates) {
    counts.parsed += 1;
    if (verdict.state === 'rejected') add(counts.rejected, verdict.reason);
    else counts[verdict.state] += 1;
  }
  return counts;
}

/** Accepted candidates with a flag, by its kind; nothing where there are none. */
export function countFlags(candidates: readonly Candidate[]): Pick<Counts, 'flagged'> {
  const flagged: NonNullable<Counts['flagged']> = {};
  for (const { flags = [], verdict } of candidates)
    if (verdict.state === 'accepted') for (const kind of flags) add(flagged, kind);
  return Object.keys(flagged).length > 0 ? { flagged } : {};
}

/** What the quality gate did; nothing where none has judged. */
export function countGate(candidates: readonly Candidate[]): Pick<Counts, 'gate'> {
  const gate = { judged: 0, shirkers: 0, caught: 0, dropped: 0 };
  for (const { mix, verdict } of candidates) {
    if (mix === undefined || mix.score === null) continue;
    const isLow = verdict.state === 'rejected' && verdict.reason === 'low-quality';
    gate.judged += 1;
    if (mix.shirker !== null) gate.shirkers += 1;
    if (isLow && mix.shirker !== null) gate.caught += 1;
    if (isLow && mix.shirker === null) gate.dropped += 1;
  }
  return gate.judged > 0 ? { gate } : {};
}

/** What DEITA's scoring came to; nothing where there was none. */
export function countScores(rows: readonly ScoredRow[]): Pick<Counts, 'scoring'> {
  const missing: Tally<MissingScore> = {};
  for (const row of rows) if (row.missing !== null) add(missing, row.missing);
  const scored = rows.filter(({ score }) => score !== null).length;
  return rows.length > 0 ? { scoring: { rows: rows.length, scored, missing } } : {};
}

function add<K extends string>(tally: Tally<K>, key: K): void {
  tally[key] = (tally[key] ?? 0) + 1;
}

function total(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function totalUsd(amounts: (number | null)[]): number | null {
  return amounts.some((amount) => amount === null) ? null : sumUsd(amounts as number[]);
}
