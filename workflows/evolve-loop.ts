import { cpu, store, student } from './activities.js';
import type { EvolutionPlan, LoopResult, LoopState } from './inputs.js';
import { LoopSteps } from './loop-steps.js';
import { nextRound } from './next-round.js';
import { untilDone } from './student-work.js';

/**
 * DEITA's evolution, one round per workflow run: each makes a variant of every origin from its last good one; behind them a
 * round that ranks all variants of each origin, and trains a scorer on the ranks where one is wanted.
 */
export async function evolveLoop(state: LoopState): Promise<LoopResult> {
  const { evolution } = state.plan;
  if (evolution === undefined) throw new Error('a plan without evolution');
  const steps = new LoopSteps(state);
  const ended = await steps.play(() =>
    state.round <= evolution.rounds ? evolveOrigins(steps) : rankVariants(steps, evolution),
  );
  return ended ?? (await nextRound(steps.state));
}

async function evolveOrigins(steps: LoopSteps): Promise<void> {
  const { run, round } = steps.state;
  await steps.makeCalls('evolve');
  await steps.at('gathering variants');
  await cpu.gatherVariants.executeWithOptions(steps.summary('gather variants'), [{ run, round }]);
  await steps.makeCalls('gain');
  await steps.at('eliminating');
  const { note } = await cpu.decideVariants.executeWithOptions(steps.summary('eliminate variants'), [
    { run, round },
  ]);
  await steps.at('round done');
  steps.roundDone({ attractiveBatches: null, heldOutLoss: null, note });
}

async function rankVariants(steps: LoopSteps, { trainScorer }: EvolutionPlan): Promise<void> {
  const { run, round } = steps.state;
  await steps.makeCalls('rank');
  await steps.at('gathering scores');
  const { pairs, ranked, note } = await cpu.gatherRankings.executeWithOptions(
    steps.summary('gather scores'),
    [{ run, round }],
  );
  const notes = [note];
  if (trainScorer !== null && ranked < 2) {
    notes.push('no scorer is trained: some rows are held out, and fewer than two were ranked');
  } else if (trainScorer !== null) {
    const trained = await untilDone(steps, 'training the scorer', () =>
      student.trainScorer.executeWithOptions(steps.summary(`train the scorer on ${pairs.count} pairs`), [
        { ...trainScorer, run, pairs, out: `${run.runId}/scorer` },
      ]),
    );
    if (trained !== null) {
      const kept = await store.keepScorer.executeWithOptions(steps.summary('keep the scorer'), [
        { run, trained },
      ]);
      notes.push(kept.note);
    }
  }
  await steps.at('round done');
  steps.roundDone(
    { attractiveBatches: null, heldOutLoss: null, note: notes.join('; ') },
    // A round that makes no variants is no stall.
    { stalledRounds: 0 },
  );
}
