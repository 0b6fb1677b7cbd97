import assert from 'node:assert/strict';
import type { ReviewRequest, ReviewWanted } from '../../activities/review-messages.js';
import { noBudget } from '../../workflows/budget.js';
import { noCounts } from '../../workflows/counts.js';
import type { LoopReport } from '../../workflows/messages.js';
import { RunState } from '../../workflows/run-state.js';

const plan = { method: 'sedi' as const, target: 10, budget: noBudget, isPriced: true, teachers: {} };
const hour = 3_600_000;
const now = Date.parse('2026-11-22T10:00:00.000Z');
const wanted: ReviewWanted = {
  round: 3,
  accepted: 50,
  sampled: 20,
  since: '2026-11-22T09:59:59.000Z',
  unusable: 0,
  problem: null,
};
const request: ReviewRequest = { by: 'ann', round: 3, decision: 'approve', note: null, verdicts: null };

function report(review?: ReviewWanted): LoopReport {
  const step = review ? 'waiting for review' : 'composing batches';
  return { round: 3, step, shards: [], totals: noCounts(), rounds: [], ...(review && { review }) };
}

function waiting(onTimeout: 'approve' | 'reject' | 'pause' = 'approve'): RunState {
  const review = { every: 1, timeoutMs: 24 * hour, onTimeout };
  const state = new RunState({ ...plan, review });
  state.reported(report(wanted));
  return state;
}

describe('a round that waits for review', () => {
  it('is what the run waits for until it is reviewed, and until the loop has gone on', () => {
    const state = waiting();
    assert.equal(state.name, 'waiting-for-review');
    state.checkReview(request);
    state.review(request);
    assert.deepEqual([state.name, state.wait], ['running', null]);
    state.reported(report(wanted));
    assert.equal(state.wait, null, 'reported before the loop had heard of the review');
    state.reported(report());
    assert.equal(state.name, 'running');
  });

  it('has a time after which the run decides, which a pause stops and a resume begins anew', () => {
    const state = waiting();
    assert.equal(state.reviewLeftMs(now), 24 * hour);
    assert.equal(state.reviewLeftMs(now + hour), 23 * hour);
    state.pause({ by: 'ann', reason: 'lunch' });
    assert.equal(state.reviewLeftMs(now + 30 * hour), null);
    state.resume({ by: 'ann' });
    assert.equal(state.reviewLeftMs(now + 40 * hour), 24 * hour);
    assert.equal(state.reviewLeftMs(now + 64 * hour), 0);
    assert.equal(waiting().reviewLeftMs(now), 24 * hour);
  });

  it('keeps its time when the loop says again that it waits, and over a continue-as-new', () => {
    const state = waiting();
    state.reviewLeftMs(now);
    state.reported(report(wanted));
    const review = { every: 1, timeoutMs: 24 * hour, onTimeout: 'approve' as const };
    const carried = JSON.parse(JSON.stringify(state.snapshot()));
    assert.equal(new RunState({ ...plan, review }, carried).reviewLeftMs(now + hour), 23 * hour);
  });

  for (const decision of ['approve', 'reject'] as const) {
    it(`is decided by the clock: ${decision}`, () => {
      const state = waiting(decision);
      state.timeOutReview();
      const { reviewed } = state.settings;
      assert.deepEqual([reviewed?.by, reviewed?.decision, reviewed?.isTimeout], ['timeout', decision, true]);
      assert.throws(() => state.checkReview(request), /round 3 was (approved|rejected) already, by timeout/);
    });
  }

  it('pauses the run when the clock shall decide nothing; a review then ends that pause, and no other', () => {
    const state = waiting('pause');
    state.timeOutReview();
    assert.deepEqual(state.settings.paused?.by, 'review');
    assert.equal(state.reviewLeftMs(now), null);
    state.review(request);
    assert.equal(state.settings.paused, null);

    const held = waiting('pause');
    held.pause({ by: 'bob', reason: 'lunch' });
    held.review(request);
    assert.equal(held.settings.paused?.by, 'bob');
  });

  it('waits again when the review could not be used', () => {
    const state = waiting();
    state.review(request);
    state.reported(report({ ...wanted, unusable: 1, problem: 'no such example' }));
    assert.equal(state.wait?.problem, 'no such example');
    state.checkReview(request);
    state.review(request);
    assert.equal(state.settings.reviewed?.nth, 1);
  });

  it('refuses what is no review of it, with the reason', () => {
    const state = waiting();
    const verdicts = { uri: 'a/rounds/003/verdicts/0.jsonl', sha256: 'a'.repeat(64), count: 1 };
    state.checkReview({ ...request, verdicts });
    const refused = (change: object) => () => state.checkReview({ ...request, ...change });
    assert.throws(refused({ round: 2 }), /waits for a review of round 3, not of round 2/);
    assert.throws(refused({ decision: 'maybe' }), /approved or rejected, not "maybe"/);
    assert.throws(refused({ note: 3 }), /the note is no text/);
    for (const change of [{ sha256: 'short' }, { count: 0 }, { uri: null }])
      assert.throws(refused({ verdicts: { ...verdicts, ...change } }), /by uri, sha256 and count/);
    assert.throws(refused({ verdicts: 'a file' }), /by uri, sha256 and count/);
    state.cancel({ by: 'ann', now: false });
    assert.throws(refused({}), /being cancelled/);
    assert.equal(state.wait, null);
  });

  it('is decided by an earlier review, where the store had one, and the record says so', () => {
    const state = waiting();
    state.review({ ...request, by: 'bob', decision: 'reject' });
    const { nth } = state.settings.reviewed ?? assert.fail('not reviewed');
    const standing = { ...request, at: '2026-11-22T09:00:00.000Z', isTimeout: false, nth };
    state.reported({ ...report(), standing });
    assert.deepEqual([state.settings.reviewed, state.wait], [standing, null]);
    assert.deepEqual(
      state.newest.map(({ by, what }) => `${by}: ${what}`),
      [
        'bob: round 3 rejected',
        'review: round 3 was approved already, by ann at 2026-11-22 09:00 UTC: that decision stands',
      ],
    );
    assert.deepEqual(state.newest, state.unrecorded);
  });

  it('travels with a short note, on one line', () => {
    const state = waiting();
    state.review({ ...request, note: `why\n${'x'.repeat(100_000)}` });
    assert.equal(state.settings.reviewed?.note, `why ${'x'.repeat(996)}…`);
  });

  it('is nothing to a run whose recipe has no review', () => {
    const state = new RunState(plan);
    assert.throws(() => state.checkReview(request), /waits for no review, not of round 3/);
    assert.equal(state.reviewLeftMs(now), null);
  });
});
