import assert from 'node:assert/strict';
import { applyReview } from '../../activities/review/apply-review.js';
import type { Candidate } from '../../activities/types.js';
import { contentHash } from '../../methods/identity.js';
import { reviewCandidate } from './candidates.js';

const one = reviewCandidate('one');
const two = reviewCandidate('two');
const similar = reviewCandidate('similar', { state: 'rejected', reason: 'similar' });
const text = ({ instruction, input, output }: Candidate) => ({ instruction, input, output });

describe('a review', () => {
  it('changes nothing of an approved round that nobody has a word on', () => {
    const rows = [one, similar, two];
    assert.deepEqual(applyReview(rows, { by: 'ann', decision: 'approve', note: null, verdicts: [] }), rows);
  });

  it('rejects, edits and approves what its verdicts name', () => {
    const [rejected, edited] = applyReview([one, two], {
      by: 'ann',
      decision: 'approve',
      note: null,
      verdicts: [
        { id: 'two', verdict: 'edit', input: 'a table', note: 'clearer' },
        { id: 'one', verdict: 'reject', note: 'wrong' },
      ],
    });
    assert.deepEqual(rejected, {
      ...one,
      verdict: { state: 'rejected', reason: 'review', detail: 'wrong' },
      review: { by: 'ann', verdict: 'reject', note: 'wrong' },
    });
    const now = { ...text(two), input: 'a table' };
    assert.deepEqual(edited, {
      ...two,
      ...now,
      contentHash: contentHash(now),
      review: { by: 'ann', verdict: 'edit', note: 'clearer', original: text(two) },
    });
  });

  it('rejects all that was accepted in a rejected round, each for its own reason where it has one', () => {
    const verdicts = [{ id: 'two', verdict: 'reject' as const, note: 'rude' }];
    const rows = applyReview([one, similar, two], {
      by: 'ann',
      decision: 'reject',
      note: 'off topic',
      verdicts,
    });
    assert.deepEqual(
      rows.map(({ verdict }) => verdict.state === 'rejected' && [verdict.reason, verdict.detail]),
      [
        ['review', 'off topic'],
        ['similar', undefined],
        ['review', 'rude'],
      ],
    );
  });

  it('leaves alone what was not accepted, also where a verdict names it', () => {
    const verdicts = [{ id: 'similar', verdict: 'approve' as const }];
    const review = { by: 'ann', decision: 'approve' as const, note: null, verdicts };
    assert.deepEqual(applyReview([similar], review), [similar]);
  });
});
