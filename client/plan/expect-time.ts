/** How long a run's calls are expected to take: arithmetic and nothing else. */
import type { CallPhase } from '../../activities/types.js';

/** What holds a phase back: calls at once, the endpoint's limits, or the hours that a batch takes. */
export type Bound = 'concurrency' | 'requestsPerMinute' | 'tokensPerMinute' | 'batch';

/** One kind of call in the whole run, and the teacher that makes it. */
export interface TimedPhase {
  phase: CallPhase;
  requests: number;
  tokens: number;
  /** Of one request on average; null: none was timed. */
  latencyMs: number | null;
  concurrency: number;
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  isBatch: boolean;
}

export interface ExpectedTime {
  /** null: nobody knows, since calls go to a Batch API, or none of a kind was timed yet. */
  ms: number | null;
  /** Kinds of call that are not known. */
  unknown: CallPhase[];
  /** What takes most of it; null where nothing is known. */
  bound: Bound | null;
}

/**
 * Phases follow each other in every round, and each ends with a request that nothing runs beside. Of the teacher's calls alone: what
 * the student takes, and what seedmill does between calls, is not in it.
 */
export function expectTime(phases: readonly TimedPhase[], rounds: number): ExpectedTime {
  const made = phases.filter(({ requests }) => requests > 0);
  const timed = made.map((phase) => ({ phase: phase.phase, ...phaseTime(phase, rounds) }));
  const unknown = timed.filter(({ ms }) => ms === null).map(({ phase }) => phase);
  const longest = [...timed].sort((a, b) => (b.ms ?? 0) - (a.ms ?? 0))[0];
  const isBatch = timed.some(({ bound }) => bound === 'batch');
  return {
    ms: unknown.length > 0 ? null : timed.reduce((sum, { ms }) => sum + (ms ?? 0), 0),
    unknown,
    bound: isBatch ? 'batch' : unknown.length > 0 ? null : (longest?.bound ?? null),
  };
}

function phaseTime(phase: TimedPhase, rounds: number): { ms: number | null; bound: Bound | null } {
  const { requests, tokens, latencyMs, concurrency, requestsPerMinute, tokensPerMinute, isBatch } = phase;
  if (isBatch) return { ms: null, bound: 'batch' };
  if (latencyMs === null) return { ms: null, bound: null };
  const bounds: { ms: number; bound: Bound }[] = [
    { ms: (requests * latencyMs) / concurrency, bound: 'concurrency' },
    ...(requestsPerMinute === null
      ? []
      : [{ ms: (requests / requestsPerMinute) * 60_000, bound: 'requestsPerMinute' as const }]),
    ...(tokensPerMinute === null
      ? []
      : [{ ms: (tokens / tokensPerMinute) * 60_000, bound: 'tokensPerMinute' as const }]),
  ];
  const { ms, bound } = bounds.reduce((slowest, one) => (one.ms > slowest.ms ? one : slowest));
  return { ms: ms + Math.min(rounds, requests) * latencyMs, bound };
}
