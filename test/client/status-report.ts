import type { StatusReport } from '../../client/status.js';
import { noBudget, nothing } from '../../workflows/budget.js';
import { noCounts } from '../../workflows/counts.js';

/** The status of a run that has just begun, with changes. */
export function statusReport(changes: Partial<StatusReport> = {}): StatusReport {
  const { calls, tokens } = noCounts();
  const none = { sent: 0, fromStore: 0, failedAttempts: 0, unknownAttempts: 0 };
  return {
    runId: 'small-1',
    recipe: 'small',
    method: 'self-instruct',
    forkedFrom: null,
    state: 'running',
    stopReason: null,
    paused: null,
    review: null,
    round: 1,
    step: 'calls: tasks',
    target: 10,
    candidates: 0,
    accepted: 0,
    closedRounds: { calls: 0, accepted: 0 },
    undecided: 0,
    rejected: {},
    flagged: {},
    gate: null,
    scoring: null,
    selection: null,
    calls: { ...calls, ...none },
    batches: [],
    tokens,
    costUsd: 0,
    unknownUsd: 0,
    budget: { limits: noBudget, spent: nothing, unknown: nothing },
    heldOutLoss: [],
    notes: [],
    dataset: null,
    asOf: null,
    ...changes,
  };
}
