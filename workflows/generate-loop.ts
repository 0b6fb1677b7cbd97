import { isCancellation } from '@temporalio/workflow';
import type { Ref, TrainRoundResult } from '../activities/types.js';
import { cpu, student } from './activities.js';
import { awaitReview } from './await-review.js';
import type { LoopResult, LoopState } from './inputs.js';
import { innermost, LoopSteps } from './loop-steps.js';
import { nextRound } from './next-round.js';
import { targetOf } from './stop-rule.js';

/**
 * Self-Instruct and SeDi-Instruct, one round per workflow run: ask for instructions, screen them, have them
 * answered, decide, compose batches, train the student on them, refine the seeds; then continue as new.
 */
export async function generateLoop(state: LoopState): Promise<LoopResult> {
  const steps = new LoopSteps(state);
  const ended = await steps.play(() => playRound(steps));
  if (ended !== null) return ended;
  return await nextRound(steps.state);
}

async function playRound(steps: LoopSteps): Promise<void> {
  const { run, plan, round, totals, askCalls } = steps.state;
  const target = () => targetOf(steps.state);

  // Generate. Nothing is paid for an instruction's answer before it has passed the heuristics and the filter.
  const { accepted } = totals.candidates;
  await steps.makeCalls(plan.ask, { remaining: target() - accepted, askCalls, accepted });
  await steps.at('screening candidates');
  await cpu.screenCandidates.executeWithOptions(steps.summary('screen candidates'), [
    { run, round, ...steps.thresholds },
  ]);
  for (const phase of plan.answer) await steps.makeCalls(phase);
  await steps.at('deciding candidates');
  const decide = () =>
    cpu.decideCandidates.executeWithOptions(steps.summary('decide candidates'), [{ run, round }]);
  const decided = await decide();
  if (await awaitReview(steps, decided.accepted)) await decide();

  // Compose and train. What is accepted but fits no batch waits for the next round.
  await steps.at('composing batches');
  const { batches } = await cpu.composeBatches.executeWithOptions(steps.summary('compose batches'), [
    { run, round, target: target(), acceptedBefore: accepted },
  ]);
  const trained = await trainStudent(steps, batches);

  // Refine. What the student learned most from joins the seeds of the next round.
  await steps.at('refining seeds');
  const loss = trained && { before: trained.reporting.before, after: trained.reporting.after };
  const { addedSeeds } = steps.state.settings;
  const refined = await cpu.refineSeeds.executeWithOptions(steps.summary('refine seeds'), [
    { run, round, signal: trained?.signal ?? null, loss, ...(addedSeeds && { addedSeeds }) },
  ]);

  await steps.at('round done');
  steps.roundDone(
    {
      attractiveBatches: trained && refined.attractiveBatches,
      heldOutLoss: loss,
      note: refined.note,
    },
    { checkpoint: trained?.checkpoint ?? steps.state.checkpoint },
  );
}

/** null: nothing to train on, or nobody to train. */
async function trainStudent(steps: LoopSteps, batches: Ref): Promise<TrainRoundResult | null> {
  const { run, round, plan, heldOut, checkpoint: previous } = steps.state;
  const request = plan.student;
  if (request === null || heldOut === null || batches.count === 0) return null;
  for (;;) {
    await steps.at(request.signal === 'train' ? 'training the student' : 'evaluating with the student');
    const input = { ...request, run, round, batches, heldOut, previous };
    const summary = steps.summary(`${input.signal} on ${batches.count} batches`);
    try {
      return await steps.untilCancelled.run(() => student.trainRound.executeWithOptions(summary, [input]));
    } catch (error) {
      if (isCancellation(error)) return null;
      // What more attempts cannot mend (a loss that is not finite, a missing model) is for a person to decide.
      await steps.pauseAndWait({ by: 'student', reason: innermost(error) });
    }
  }
}
