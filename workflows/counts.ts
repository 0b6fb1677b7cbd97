import type { Counts, GateCounts, ScoringCounts, Tally } from '../activities/types.js';

export function noCounts(): Counts {
  return {
    calls: { planned: 0, answered: 0, failed: {}, mended: 0, repaired: 0, reAsked: 0, givenUp: 0 },
    candidates: { parsed: 0, accepted: 0, undecided: 0, rejected: {} },
    attempts: { sent: 0, fromStore: 0, failed: 0, unknown: 0 },
    tokens: { prompt: 0, completion: 0, unknown: 0 },
    costUsd: 0,
    unknownUsd: 0,
  };
}

/** Sum of two counts; an unknown cost stays unknown. */
export function addCounts(a: Counts, b: Counts): Counts {
  return {
    calls: {
      planned: a.calls.planned + b.calls.planned,
      answered: a.calls.answered + b.calls.answered,
      failed: addTallies(a.calls.failed, b.calls.failed),
      mended: a.calls.mended + b.calls.mended,
      repaired: a.calls.repaired + b.calls.repaired,
      reAsked: a.calls.reAsked + b.calls.reAsked,
      givenUp: a.calls.givenUp + b.calls.givenUp,
    },
    candidates: {
      parsed: a.candidates.parsed + b.candidates.parsed,
      accepted: a.candidates.accepted + b.candidates.accepted,
      undecided: a.candidates.undecided + b.candidates.undecided,
      rejected: addTallies(a.candidates.rejected, b.candidates.rejected),
    },
    ...(a.flagged || b.flagged ? { flagged: addTallies(a.flagged ?? {}, b.flagged ?? {}) } : {}),
    ...addGates(a.gate, b.gate),
    ...addScoring(a.scoring, b.scoring),
    attempts: {
      sent: a.attempts.sent + b.attempts.sent,
      fromStore: a.attempts.fromStore + b.attempts.fromStore,
      failed: a.attempts.failed + b.attempts.failed,
      unknown: a.attempts.unknown + b.attempts.unknown,
    },
    tokens: {
      prompt: a.tokens.prompt + b.tokens.prompt,
      completion: a.tokens.completion + b.tokens.completion,
      unknown: a.tokens.unknown + b.tokens.unknown,
    },
    costUsd: addUsd(a.costUsd, b.costUsd),
    unknownUsd: addUsd(a.unknownUsd, b.unknownUsd),
  };
}

/** `mended 3, repaired 2, re-asked 4, given up 1`: calls that did not go well at once; empty when all did. */
export function waysInWords({ mended, repaired, reAsked, givenUp }: Counts['calls']): string {
  const ways = { mended, repaired, 're-asked': reAsked, 'given up': givenUp };
  return Object.entries(ways)
    .flatMap(([way, calls]) => (calls > 0 ? [`${way} ${calls}`] : []))
    .join(', ');
}

function addGates(a: GateCounts | undefined, b: GateCounts | undefined): Pick<Counts, 'gate'> {
  const only = a ?? b;
  if (only === undefined) return {};
  if (a === undefined || b === undefined) return { gate: only };
  return {
    gate: {
      judged: a.judged + b.judged,
      shirkers: a.shirkers + b.shirkers,
      caught: a.caught + b.caught,
      dropped: a.dropped + b.dropped,
    },
  };
}

function addScoring(a: ScoringCounts | undefined, b: ScoringCounts | undefined): Pick<Counts, 'scoring'> {
  const only = a ?? b;
  if (only === undefined) return {};
  if (a === undefined || b === undefined) return { scoring: only };
  return {
    scoring: {
      rows: a.rows + b.rows,
      scored: a.scored + b.scored,
      missing: addTallies(a.missing, b.missing),
    },
  };
}

/** `100 rows: 97 scored, too-little-mass 3` */
export function scoringInWords({ rows, scored, missing }: ScoringCounts): string {
  const reasons = Object.entries(missing).map(([reason, n]) => `${reason} ${n}`);
  return `${rows} rows: ${[`${scored} scored`, ...reasons].join(', ')}`;
}

/** `judged 100: 18 of 20 shirkers caught, 3 others dropped` */
export function gateInWords({ judged, shirkers, caught, dropped }: GateCounts): string {
  return `judged ${judged}: ${caught} of ${shirkers} shirkers caught, ${dropped} others dropped`;
}

function addTallies<K extends string>(a: Tally<K>, b: Tally<K>): Tally<K> {
  const sum: Tally<K> = { ...a };
  for (const key of Object.keys(b) as K[]) sum[key] = (sum[key] ?? 0) + (b[key] ?? 0);
  return sum;
}

/** Whole nano-dollars, so that a long run's sum does not drift by the cent. */
function addUsd(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.round((a + b) * 1e9) / 1e9;
}
