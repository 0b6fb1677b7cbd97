import { noCounts } from './counts.js';
import type { ForkState, LoopResult, LoopState } from './inputs.js';
import { stagesAfter } from './loop-steps.js';
import { stopReason, targetOf } from './stop-rule.js';

const beginning: ForkState = {
  round: 1,
  checkpoint: null,
  totals: noCounts(),
  askCalls: 0,
  rounds: [],
  stalledRounds: 0,
};

/**
 * What a loop begins with: the first round, or where the run was forked. `ended`: the rounds that a fork was given are all that its
 * recipe asks for, so that no loop is needed.
 */
export function firstState(
  given: Pick<LoopState, 'run' | 'plan' | 'settings' | 'heldOut'>,
  fork: ForkState | undefined,
): { first: LoopState } | { ended: LoopResult } {
  const first: LoopState = { schemaVersion: 1, ...given, ...(fork ?? beginning) };
  const reason = fork === undefined ? null : stopReason(first);
  if (reason === null) return { first };
  const { plan, round, totals, rounds } = first;
  const hasStages = plan.stages !== undefined && first.stages === undefined;
  if (hasStages) return { first: { ...first, stages: stagesAfter(first, reason) } };
  const target = targetOf(first);
  return { ended: { rounds: round - 1, stopReason: reason, totals, table: rounds, target } };
}
