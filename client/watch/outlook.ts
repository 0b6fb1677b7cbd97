/** What a run still needs, from what it has come to so far. Arithmetic; null wherever nothing is known. */
import type { RoundRow } from '../../workflows/messages.js';
import type { StatusReport } from '../status.js';

/** The yield of rounds changes as the pool fills: the newest ones say most. */
const roundsLookedAt = 5;

/** What was expected before the run began; null: nobody knows. */
export type Expected = { calls: number; usd: number | null } | null;

export interface Outlook {
  /** Calls until the target. */
  missingCalls: number | null;
  /** null also while the run is paused. */
  leftMs: number | null;
  /** What the run will have cost at its target. */
  usd: number | null;
}

export function outlookOf(options: {
  status: StatusReport;
  /** The newest rounds that are closed. */
  rounds: readonly RoundRow[];
  expected: Expected;
  callsPerMinute: number | null;
}): Outlook {
  const { status, callsPerMinute } = options;
  const missingCalls = callsMissing(options);
  const isMoving = status.state === 'running' && status.paused === null;
  const left = missingCalls !== null && isMoving && callsPerMinute !== null && callsPerMinute > 0;
  return {
    missingCalls,
    leftMs: left ? (missingCalls / callsPerMinute) * 60_000 : null,
    usd: projectedUsd(options, missingCalls),
  };
}

function callsMissing({
  status,
  rounds,
  expected,
}: Pick<Parameters<typeof outlookOf>[0], 'status' | 'rounds' | 'expected'>): number | null {
  const { target, accepted, closedRounds, calls } = status;
  const done = callsDone(calls);
  const planned = calls.planned - done;
  if (target === null) return null;
  if (accepted >= target) return planned > 0 ? planned : null;
  const each = callsPerAccepted(rounds) ?? callsPerAccepted([closedRounds]);
  // This round's calls count for what they will bring, not for what has been decided of them by now.
  if (each !== null)
    return Math.max(planned, each * (target - closedRounds.accepted) - (done - closedRounds.calls));
  return expected === null ? null : Math.max(planned, expected.calls - done);
}

/** Rounds without candidates prepare others: they are not repeated. */
function callsPerAccepted(rounds: readonly Pick<RoundRow, 'calls' | 'accepted'>[]): number | null {
  const last = rounds
    .filter((round) => !('candidates' in round) || round.candidates !== 0)
    .slice(-roundsLookedAt);
  const sum = (key: 'calls' | 'accepted') => last.reduce((all, round) => all + round[key], 0);
  return sum('accepted') > 0 ? sum('calls') / sum('accepted') : null;
}

function projectedUsd(
  { status, expected }: Pick<Parameters<typeof outlookOf>[0], 'status' | 'expected'>,
  missingCalls: number | null,
): number | null {
  const { costUsd, calls } = status;
  const done = callsDone(calls);
  if (costUsd === null) return null;
  if (done === 0) return expected?.usd ?? null;
  return missingCalls === null ? null : costUsd + missingCalls * (costUsd / done);
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
