/** The rules of a round that waits for people: when it waits, until when, and which review counts. Plain data and no Temporal. */
import type {
  ReviewDecision,
  ReviewRequest,
  ReviewRule,
  ReviewWait,
  ReviewWanted,
} from '../activities/review-messages.js';
import type { Ref } from '../activities/types.js';

/** What a run is waiting for, by the loop's newest report; null: nothing. `before`: what it waited for until then. */
export function waitFor(
  wanted: ReviewWanted | undefined,
  options: { rule: ReviewRule | undefined; reviewed: ReviewDecision | null; before: ReviewWait | null },
): ReviewWait | null {
  const { rule, reviewed, before } = options;
  if (wanted === undefined || rule === undefined) return null;
  // Reported before the decision had reached the loop.
  if (reviewed?.round === wanted.round && reviewed.nth >= wanted.unusable) return null;
  return { ...wanted, onTimeout: rule.onTimeout, until: before?.until ?? null };
}

/**
 * The same with the time at which the run decides by itself. The clock stands still while the run is held (paused), and begins
 * anew after that.
 */
export function withDeadline(
  wait: ReviewWait,
  { timeoutMs, nowMs, isHeld }: { timeoutMs: number; nowMs: number; isHeld: boolean },
): ReviewWait {
  if (isHeld) return { ...wait, until: null };
  return { ...wait, until: wait.until ?? new Date(nowMs + timeoutMs).toISOString() };
}

/** Why a review cannot be taken; null: it can. */
export function reviewProblem(
  { round, decision, note, verdicts }: ReviewRequest,
  { wait, reviewed }: { wait: ReviewWait | null; reviewed: ReviewDecision | null },
): string | null {
  if (wait?.round !== round) {
    if (reviewed?.round === round) return `round ${round} ${decisionInWords(reviewed)}`;
    const waits = wait === null ? 'waits for no review' : `waits for a review of round ${wait.round}`;
    return `the run ${waits}, not of round ${round}`;
  }
  if (decision !== 'approve' && decision !== 'reject')
    return `a round is approved or rejected, not "${String(decision)}"`;
  if (note !== null && typeof note !== 'string') return 'the note is no text';
  if (verdicts !== null && !isComplete(verdicts))
    return 'verdicts lie in the store and are given by uri, sha256 and count';
  return null;
}

/** `was approved already, by ann at 2026-11-22 14:02 UTC`. */
export function decisionInWords({ by, at, decision }: ReviewDecision): string {
  const verb = decision === 'approve' ? 'approved' : 'rejected';
  return `was ${verb} already, by ${by} at ${minuteOf(at)}`;
}

/** `round 3 since 2026-11-22 14:02 UTC`; for people. */
export function waitInWords({ round, since, problem }: ReviewWait): string {
  const last = problem === null ? '' : ` (the last review could not be used: ${problem})`;
  return `round ${round} since ${minuteOf(since)}${last}`;
}

/** `2026-11-22 14:02 UTC` of an ISO 8601 time. */
export function minuteOf(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`;
}

function isComplete(ref: Ref): boolean {
  const { uri, sha256, count } = ref ?? {};
  return (
    typeof uri === 'string' &&
    /^[0-9a-f]{64}$/.test(String(sha256)) &&
    Number.isSafeInteger(count) &&
    count > 0
  );
}
