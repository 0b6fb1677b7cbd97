import type { EvolutionPlan, LoopState, StagesState } from './inputs.js';

/**
 * Why the loop ends before its next round, in the words that the state shows; null: it goes on.
 * The order is the order of precedence. `isFollowed`: the next round was begun before, so that the target was not reached then.
 */
export function stopReason(state: LoopState, { isFollowed = false } = {}): string | null {
  const { plan, round, totals, mix, stages } = state;
  if (stages !== undefined) return stagesReason(stages, round);
  if (plan.evolution !== undefined) return evolutionReason(plan.evolution, round);
  const { accepted } = totals.candidates;
  const { maxRounds, maxCallsPerAccepted } = plan.stop;
  if (plan.skillMix?.extractOnly && mix?.isExtracted) return 'skills are extracted';
  if (!isFollowed && accepted >= targetOf(state)) return 'target reached';
  // Rounds that extract skills write no examples.
  if (round - (mix?.rounds ?? 0) > maxRounds) return `maxRounds: ${maxRounds} rounds are done`;
  const planned = totals.calls.planned - (mix?.calls ?? 0);
  // An allowance of one example, so that a run is not ended by calls made before its first example could exist.
  if (planned > maxCallsPerAccepted * Math.max(accepted, 1)) {
    return `maxCallsPerAccepted: ${planned} calls for ${accepted} accepted examples, limit ${maxCallsPerAccepted} each`;
  }
  return null;
}

/** Accepted examples that are wanted: the recipe's number, unless people changed it before DEITA's stages began. */
export function targetOf({
  plan,
  settings,
  stages,
}: Pick<LoopState, 'plan' | 'settings' | 'stages'>): number {
  return stages?.target ?? settings.target ?? plan.target;
}

/** The stages behind generation end with their last part; the run still says why generation has ended. */
function stagesReason({ reason, firstRound, parts, rows }: StagesState, round: number): string | null {
  if (parts === null || round < firstRound + parts) return null;
  return reason === '' ? `all ${rows} rows are looked at` : reason;
}

/** The round that ranks is the one behind those that evolve. */
function evolutionReason({ rounds }: EvolutionPlan, round: number): string | null {
  return round > rounds + 1 ? `${rounds} rounds of variants are made and ranked` : null;
}

/** Rounds in a row, the one with these counts included, whose yield lies under the recipe's limit. */
export function stalledRounds(options: {
  before: number;
  parsed: number;
  accepted: number;
  stallYield: number;
}): number {
  const { before, parsed, accepted, stallYield } = options;
  const yielded = parsed === 0 ? 0 : accepted / parsed;
  return yielded < stallYield ? before + 1 : 0;
}
