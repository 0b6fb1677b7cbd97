import { makeContinueAsNewFunc } from '@temporalio/workflow';
import type { LoopResult, LoopState } from './inputs.js';

type Loop = (state: LoopState) => Promise<LoopResult>;

/** Which loop plays the next round. */
export function loopOf({ plan, stages }: Pick<LoopState, 'plan' | 'stages'>): string {
  if (stages !== undefined) return 'scoreLoop';
  switch (plan.method) {
    case 'self-instruct':
    case 'sedi':
      return 'generateLoop';
    case 'skillmix':
      return 'skillMixLoop';
    case 'deita':
      return 'scoreLoop';
    case 'evolve':
      return 'evolveLoop';
  }
}

/** Continues as new with the next round, which may be another loop's: its workflow id stays. */
export async function nextRound(state: LoopState): Promise<never> {
  return await makeContinueAsNewFunc<Loop>({ workflowType: loopOf(state) })(state);
}
