/** What a run still needs, from what it has come to so far. Arithmetic; null wherever nothing is known. */
import type { RoundRow } from '../../workflows/messages.js';
import type { StatusReport } from '../status.js';

/** The yield of rounds changes as the pool fills: the newest ones say most. */
const roundsLookedAt = 5;

/** Calls of one kind. */
export interface ExpectedCalls {
  calls: number;
  /** null: no price is known. */
  usdEach: number | null;
}

/** What is expected of a run, whatever it has come to. */
export interface Expected {
  /** Of the whole generation, by what is assumed of the method; null: nobody knows. */
  generation: { calls: number; usd: number | null } | null;
  /** Behind generation, about each of its examples; null: nobody knows. */
  perExample: readonly ExpectedCalls[] | null;
  /** Rounds whose rows are there, so that their calls are known, kind after kind as they are made. */
  rounds: readonly { round: number; calls: readonly ExpectedCalls[] }[];
}

export interface Outlook {
  /** Calls until the target, and behind it until the end; null also when there are none. */
  missingCalls: number | null;
  /** null also while the run is paused. */
  leftMs: number | null;
  /** What the run will have cost at its target, or, with what follows, at its end. */
  usd: number | null;
}

interface Facts {
  status: StatusReport;
  /** The newest rounds that are closed. */
  rounds: readonly RoundRow[];
  expected: Expected;
}

interface Missing {
  calls: number;
  usd: number | null;
}

export function outlookOf({ callsPerMinute, ...facts }: Facts & { callsPerMinute: number | null }): Outlook {
  const { state, paused, costUsd } = facts.status;
  const missing = missingOf(facts);
  if (missing === null || missing.calls === 0) return { missingCalls: null, leftMs: null, usd: null };
  const isMoving = state === 'running' && paused === null;
  const hasPace = isMoving && callsPerMinute !== null && callsPerMinute > 0;
  return {
    missingCalls: missing.calls,
    leftMs: hasPace ? (missing.calls / callsPerMinute) * 60_000 : null,
    usd: costUsd === null || missing.usd === null ? null : costUsd + missing.usd,
  };
}

function missingOf(facts: Facts): Missing | null {
  const { status, expected } = facts;
  const [first] = expected.rounds;
  if (first !== undefined && Math.max(1, status.round) >= first.round)
    return missingOfRounds(status, expected.rounds);
  const generation = missingOfGeneration(facts);
  if (generation === null || expected.perExample === null) return null;
  const later = sumOf(
    expected.perExample.map((one) => ({ ...one, calls: one.calls * (status.target ?? 0) })),
  );
  return {
    calls: generation.calls + later.calls,
    usd: generation.usd === null || later.usd === null ? null : generation.usd + later.usd,
  };
}

/** By what an accepted example has taken so far, before the first one by the plan. */
function missingOfGeneration({ status, rounds, expected: { generation } }: Facts): Missing | null {
  const { target, accepted, closedRounds, calls, costUsd } = status;
  const done = callsDone(calls);
  const planned = calls.planned - done;
  const priced = (missing: number): Missing => ({
    calls: missing,
    usd: done === 0 ? (generation?.usd ?? null) : costUsd === null ? null : missing * (costUsd / done),
  });
  if (target === null) return null;
  if (accepted >= target) return priced(Math.max(0, planned));
  const each = callsPerAccepted(rounds) ?? callsPerAccepted([closedRounds]);
  // This round's calls count for what they will bring, not for what has been decided of them by now.
  if (each !== null)
    return priced(Math.max(planned, each * (target - closedRounds.accepted) - (done - closedRounds.calls)));
  return generation === null ? null : priced(Math.max(planned, generation.calls - done));
}

/** Of this round what it has not made of its calls, and all of those behind it. */
function missingOfRounds(
  { round: current, calls, closedRounds }: StatusReport,
  rounds: Expected['rounds'],
): Missing {
  const planned = calls.planned - closedRounds.calls;
  const done = callsDone(calls) - closedRounds.calls;
  return sumOf(
    rounds.flatMap(({ round, calls }) => {
      if (round !== current) return round > current ? calls : [];
      return missingKinds(calls, { planned, done });
    }),
  );
}

/** One kind of call is planned when the one before it is done: what is planned and not done is of the last one. */
function missingKinds(
  kinds: readonly ExpectedCalls[],
  { planned, done }: { planned: number; done: number },
): ExpectedCalls[] {
  let before = 0;
  let last = -1;
  for (const [n, { calls }] of kinds.entries()) {
    if (before < planned) last = n;
    before += calls;
  }
  return kinds.slice(Math.max(0, last)).map((kind, n) => {
    const isPlanned = n === 0 && last >= 0;
    return isPlanned ? { ...kind, calls: Math.max(0, planned - done) } : kind;
  });
}

function sumOf(kinds: readonly ExpectedCalls[]): Missing {
  const bought = kinds.filter(({ calls }) => calls > 0);
  const isPriced = bought.every(({ usdEach }) => usdEach !== null);
  return {
    calls: bought.reduce((sum, { calls }) => sum + calls, 0),
    usd: isPriced ? bought.reduce((sum, { calls, usdEach }) => sum + calls * (usdEach ?? 0), 0) : null,
  };
}

/** Rounds without candidates prepare others: they are not repeated. */
function callsPerAccepted(rounds: readonly Pick<RoundRow, 'calls' | 'accepted'>[]): number | null {
  const last = rounds
    .filter((round) => !('candidates' in round) || round.candidates !== 0)
    .slice(-roundsLookedAt);
  const sum = (key: 'calls' | 'accepted') => last.reduce((all, round) => all + round[key], 0);
  return sum('accepted') > 0 ? sum('calls') / sum('accepted') : null;
}

/** Calls that have come to their end, well or not. */
export function callsDone({ answered, failed }: StatusReport['calls']): number {
  return Object.values(failed).reduce<number>((sum, n) => sum + n, answered);
}

/** `about 2 h 10 min`, no finer than anybody can know. */
export function aboutTime(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 1) return 'less than a minute';
  if (minutes < 59.5) return `about ${Math.round(minutes)} min`;
  const tens = Math.round(minutes / 10) * 10;
  if (tens < 24 * 60) return `about ${Math.floor(tens / 60)} h${tens % 60 > 0 ? ` ${tens % 60} min` : ''}`;
  const hours = Math.round(minutes / 60);
  return `about ${Math.floor(hours / 24)} d${hours % 24 > 0 ? ` ${hours % 24} h` : ''}`;
}
