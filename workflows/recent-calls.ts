/**
 * How many requests and tokens an endpoint's calls have needed lately, by what the shards report. Plain data and no
 * Temporal, so that it is tested as it is.
 */
import type { CallReport } from './messages.js';

/** A kind of call weighs its newest ones: what lies this many calls back counts a third. */
const remembered = 100;
/** The first estimate counts like one call, so that a few short answers do not open the endpoint wide. */
const estimateCounts = 1;
/** Up to so many calls, each report of a kind changes much. */
const few = 32;
/** A kind that nobody has spoken of for so long is not being asked any more. */
const liveMs = 120_000;
/** Of a kind that has just begun nobody knows how large its part of the calls will be. */
const youngMs = 60_000;
/** In the mix of kinds a call counts half after this time. */
const halfLifeMs = 30_000;

/** Calls of one phase of one run. */
interface Kind {
  calls: number;
  requests: number;
  tokens: number;
  /** Calls of the last time, as of `atMs`. */
  recent: number;
  /** The newest report. */
  atMs: number;
  /** When it began, or began again. */
  sinceMs: number;
}

export type RecentCallsSnapshot = Record<string, Kind>;

/** What one call needs. */
export interface CallNeeds {
  requests: number;
  tokens: number;
}

export class RecentCalls {
  private readonly kinds: Map<string, Kind>;

  constructor(snapshot: RecentCallsSnapshot = {}) {
    this.kinds = new Map(Object.entries(snapshot));
  }

  snapshot(): RecentCallsSnapshot {
    return Object.fromEntries(this.kinds);
  }

  /** True: a kind has begun, or begun again, or is hardly known, so that the rate should follow at once. */
  add({ runId, phase, calls, requests, tokens, estimate }: CallReport, nowMs: number): boolean {
    const kind = `${runId} ${phase}`;
    const known = this.kinds.get(kind);
    const isAlive = known !== undefined && nowMs - known.atMs < liveMs;
    const before = known ?? {
      calls: estimateCounts,
      requests: estimateCounts,
      tokens: estimateCounts * estimate,
      recent: 0,
      atMs: nowMs,
      sinceMs: nowMs,
    };
    const kept = Math.exp(-calls / remembered);
    this.kinds.set(kind, {
      calls: before.calls * kept + calls,
      requests: before.requests * kept + requests,
      tokens: before.tokens * kept + tokens,
      recent: recentAt(before, nowMs) + calls,
      atMs: nowMs,
      sinceMs: isAlive ? before.sinceMs : nowMs,
    });
    return !isAlive || before.calls < few;
  }

  /** The run makes no more calls. */
  forget(runId: string): void {
    for (const kind of this.kinds.keys()) if (kind.startsWith(`${runId} `)) this.kinds.delete(kind);
  }

  /** What the next call may need: the mean of those lately made, and no less than those need that have just begun. */
  needs(nowMs: number): CallNeeds | null {
    const live = [...this.kinds.values()].filter(({ atMs }) => nowMs - atMs < liveMs);
    if (live.length === 0) return null;
    const young = live.filter(({ sinceMs }) => nowMs - sinceMs < youngMs);
    const weights = live.map((kind) => recentAt(kind, nowMs) + 1);
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const of = (key: 'requests' | 'tokens') => {
      const mixed =
        live.reduce((sum, kind, n) => sum + ((weights[n] ?? 0) * kind[key]) / kind.calls, 0) / all;
      return Math.max(mixed, ...young.map((kind) => kind[key] / kind.calls));
    };
    return { requests: Math.max(1, of('requests')), tokens: of('tokens') };
  }
}

function recentAt({ recent, atMs }: Kind, nowMs: number): number {
  return recent * 0.5 ** ((nowMs - atMs) / halfLifeMs);
}
