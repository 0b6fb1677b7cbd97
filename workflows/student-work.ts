import { isCancellation } from '@temporalio/workflow';
import { innermost, type LoopSteps } from './loop-steps.js';

/**
 * Does what the student is asked, once it can be done: what more attempts cannot mend (a missing model, a full disk) is for a
 * person to decide. null: the run was cancelled before.
 */
export async function untilDone<Result>(
  steps: LoopSteps,
  step: string,
  work: () => Promise<Result>,
): Promise<Result | null> {
  while (!steps.isCancelled) {
    await steps.at(step);
    try {
      return await steps.untilCancelled.run(work);
    } catch (error) {
      if (isCancellation(error)) return null;
      await steps.pauseAndWait({ by: 'student', reason: innermost(error) });
    }
  }
  return null;
}
