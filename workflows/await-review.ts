import { ActivityFailure, ApplicationFailure, condition, log } from '@temporalio/workflow';
import type { ReviewDecision } from '../activities/review-messages.js';
import { inert } from '../methods/text.js';
import { store } from './activities.js';
import { innermost, type LoopSteps } from './loop-steps.js';

/**
 * Waits until the round's accepted examples are reviewed, where the recipe wants that. Returns whether there is a review that the
 * round is to be decided by once more. A cancelled run waits for none.
 */
export async function awaitReview(steps: LoopSteps, accepted: number): Promise<boolean> {
  const { run, round, plan } = steps.state;
  if (plan.review === undefined || accepted === 0 || round % plan.review.every !== 0) return false;
  const opened = await store.openReview.executeWithOptions(steps.summary('draw a sample for review'), [
    { run, round },
  ]);
  // A run that begins again finds what was decided before: it was decided by that already.
  if (opened.isReviewed) return false;
  const wanted = { round, accepted, sampled: opened.sample.count, since: new Date().toISOString() };
  let problem: string | null = null;
  let unusable = 0;
  while (!steps.isCancelled) {
    const { version } = steps.state.settings;
    // Said again after every change: also to a run that was started again and knows nothing of it.
    await steps.at('waiting for review', { review: { ...wanted, unusable, problem } });
    await condition(
      () => decision(unusable) !== null || steps.isCancelled || steps.state.settings.version > version,
    );
    const reviewed = decision(unusable);
    if (reviewed === null) continue;
    try {
      const summary = steps.summary(`keep the review: ${reviewed.decision}, by ${inert(reviewed.by)}`);
      const standing = await store.keepReview.executeWithOptions(summary, [
        { run, round, decision: reviewed },
      ]);
      // The store has an earlier decision, of which a restored history knew nothing.
      if (standing) {
        log.warn('the round was decided before: that decision stands', { standing, unused: reviewed });
        await steps.at('going by an earlier review', { standing });
      }
      return true;
    } catch (error) {
      if (!isUnusable(error)) throw error;
      problem = innermost(error);
      unusable += 1;
    }
  }
  return false;

  function decision(nth: number): ReviewDecision | null {
    const { reviewed } = steps.state.settings;
    return reviewed?.round === round && reviewed.nth === nth ? reviewed : null;
  }
}

function isUnusable(error: unknown): boolean {
  const { cause } = error instanceof ActivityFailure ? error : {};
  return cause instanceof ApplicationFailure && cause.type === 'BadReview';
}
