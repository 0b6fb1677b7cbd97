/** Recomputes the rounds that people have reviewed: answers, verdicts and edits must give what the store has. */
import { decidedCandidates } from '../activities/decide-candidates.js';
import { applyReview } from '../activities/review/apply-review.js';
import { readReview } from '../activities/review/reviewed.js';
import { Runs, type StoredRecipe } from '../activities/run-data.js';
import { decidedExamples } from '../activities/skillmix/decide-examples.js';
import type { Candidate } from '../activities/types.js';
import { CorruptDataError } from '../store/errors.js';
import type { Store } from '../store/types.js';

/** Problems in words; none for a round that nobody has reviewed. */
export async function verifyReview(
  at: { store: Store; recipe: StoredRecipe; runId: string; round: number },
  candidates: readonly Candidate[],
): Promise<string[]> {
  const { store, recipe, runId, round } = at;
  try {
    const review = await readReview(store, { runId, round });
    if (review === null) {
      const marked = candidates.filter(({ verdict, review }) => review !== undefined || isReviewed(verdict));
      return marked.length > 0
        ? [`${marked.length} candidates are reviewed, but there is no review.json`]
        : [];
    }
    // Whoever verifies has the store open: whether it is the run's own is asked of workers only.
    const runs = new Runs({ store, storeId: '' });
    const run = { runId, storeUrl: store.url, storeId: '' };
    const decide = recipe.method === 'skillmix' ? decidedExamples : decidedCandidates;
    const expected = applyReview(await decide(runs, { run, round }), review);
    const changed = expected.filter((row, n) => JSON.stringify(row) !== JSON.stringify(candidates[n])).length;
    const many = expected.length !== candidates.length;
    return changed > 0 || many ? [`${changed} candidates are not what answers and review make of them`] : [];
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return [error.message];
  }
}

function isReviewed(verdict: Candidate['verdict']): boolean {
  return verdict.state === 'rejected' && verdict.reason === 'review';
}
