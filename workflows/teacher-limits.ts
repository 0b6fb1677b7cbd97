import {
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { EndpointLimits } from '../activities/types.js';
import { endpoints } from './activities.js';
import { isLimited, lowest, rateFor } from './endpoint-limits.js';
import { callsMadeSignal, limitsDeclaredSignal, type LimitsStatus, limitsStatusQuery } from './messages.js';
import { RecentCalls, type RecentCallsSnapshot } from './recent-calls.js';

/** What survives a continue-as-new. */
export interface TeacherLimitsState {
  schemaVersion: 1;
  /** Runs that declared limits, by id. */
  runs: Record<string, EndpointLimits>;
  calls: RecentCallsSnapshot;
  /** Calls per second that the queue was last set to; null: no limit is set. */
  rate: number | null;
  heldBy: LimitsStatus['heldBy'];
}

/** The rate follows what calls need no faster than this. */
const followEveryMs = 10_000;
const lookEveryMs = 60_000;
/** A rate that differs by less is left alone. */
const noticeable = 0.02;
/** Small: a continue-as-new that meets new reports is tried again after a replay of all events. */
const eventsPerRun = 500;

/**
 * Keeps one endpoint's limits for all runs that use it; its workflow id is the name of the endpoint's queue. The
 * strictest limits that an open run declares hold, as the queue's own rate on the server. It ends with the last run.
 */
export async function teacherLimits(carried?: TeacherLimitsState): Promise<void> {
  const queue = workflowInfo().workflowId;
  const runs = new Map(Object.entries(carried?.runs ?? {}));
  const calls = new RecentCalls(carried?.calls);
  let { rate, heldBy } = carried ?? { rate: null, heldBy: 'server' as const };
  // What an earlier keeper of these limits left behind is not known.
  let isRateKnown = carried !== undefined;
  let shownHeldBy = heldBy;
  let isUrgent = true;
  let isReported = false;
  let isDeclared = false;
  let lookedAtMs = Date.now();

  setHandler(limitsDeclaredSignal, ({ runId, requestsPerMinute, tokensPerMinute }) => {
    const limits = { requestsPerMinute, tokensPerMinute };
    if (isLimited(limits)) runs.set(runId, limits);
    else leave(runId);
    isUrgent = isDeclared = true;
  });
  setHandler(callsMadeSignal, (report) => {
    if (calls.add(report, Date.now())) isUrgent = true;
    isReported = true;
  });
  setHandler(limitsStatusQuery, () => status());

  for (;;) {
    // Whoever comes or goes shall not be held by a run that was terminated, which could not say that it ended.
    if (isDeclared || Date.now() - lookedAtMs >= lookEveryMs) await dropEndedRuns();
    await hold();
    if (isUrgent) continue;
    if (runs.size === 0) return;
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    if (historyLength > eventsPerRun || continueAsNewSuggested) break;
    const isNews = await condition(() => isUrgent || isReported, lookEveryMs);
    if (isNews) await condition(() => isUrgent, followEveryMs);
  }
  return await continueAsNew<typeof teacherLimits>({
    schemaVersion: 1,
    runs: Object.fromEntries(runs),
    calls: calls.snapshot(),
    rate,
    heldBy,
  });

  // --- Helpers ---

  /** Sets the queue's rate when it has changed. */
  async function hold(): Promise<void> {
    isUrgent = false;
    isReported = false;
    const next = rateFor(limits(), calls.needs(Date.now()));
    if (isRateKnown && isAlike(next, rate)) return;
    const summary = next === null ? 'no limit' : `${round(next)} calls/s`;
    ({ heldBy } = await endpoints.setQueueRate.executeWithOptions({ summary }, [{ queue, perSecond: next }]));
    // For status, which asks no worker.
    if (heldBy !== shownHeldBy) upsertMemo({ heldBy });
    shownHeldBy = heldBy;
    rate = next;
    isRateKnown = true;
    setCurrentDetails(details());
  }

  async function dropEndedRuns(): Promise<void> {
    isDeclared = false;
    lookedAtMs = Date.now();
    if (runs.size === 0) return;
    const declared = new Map(runs);
    const summary = 'which runs have ended?';
    const ended = await endpoints.findEndedRuns.executeWithOptions({ summary }, [
      { runIds: [...declared.keys()] },
    ]);
    // One that has been started again meanwhile has declared its limits again.
    for (const runId of ended) if (runs.get(runId) === declared.get(runId)) leave(runId);
  }

  function leave(runId: string): void {
    runs.delete(runId);
    calls.forget(runId);
  }

  function limits(): EndpointLimits {
    return lowest([...runs.values()]);
  }

  function status(): LimitsStatus {
    return { limits: limits(), runs: Object.fromEntries(runs), callsPerSecond: rate, heldBy };
  }

  function details(): string {
    const { requestsPerMinute, tokensPerMinute } = limits();
    const lines = [
      `Requests per minute: ${requestsPerMinute ?? 'no limit'}`,
      `Tokens per minute: ${tokensPerMinute ?? 'no limit'}`,
      `Calls per second: ${rate === null ? 'no limit' : round(rate)}`,
      `Held by: ${heldBy === 'server' ? 'the server, for the whole queue' : 'each worker, its share'}`,
      `Runs: ${[...runs.keys()].join(', ') || 'none'}`,
    ];
    return lines.join('\n\n');
  }
}

function isAlike(a: number | null, b: number | null): boolean {
  return a === b || (a !== null && b !== null && Math.abs(a / b - 1) < noticeable);
}

function round(rate: number): number {
  return Number(rate.toPrecision(3));
}
