import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { RunPlan } from './inputs.js';
import type { RunState } from './run-state.js';

const method = defineSearchAttributeKey('SeedmillMethod', SearchAttributeType.KEYWORD_LIST);
const recipe = defineSearchAttributeKey('SeedmillRecipe', SearchAttributeType.KEYWORD);
const stateName = defineSearchAttributeKey('SeedmillState', SearchAttributeType.KEYWORD);
const round = defineSearchAttributeKey('SeedmillRound', SearchAttributeType.INT);
const accepted = defineSearchAttributeKey('SeedmillAccepted', SearchAttributeType.INT);

/**
 * Makes the run findable in Temporal's list. Upserting an attribute that the server does not know would leave the
 * run retrying for ever, so only those that were confirmed when it started are set.
 */
export function showRun(options: { plan: RunPlan; state: RunState; known: string[] }): void {
  const { plan, state, known } = options;
  const pairs = [
    { key: method, value: [plan.method] },
    { key: recipe, value: plan.recipe },
    { key: stateName, value: state.name },
    { key: round, value: state.loop?.round ?? 1 },
    { key: accepted, value: state.loop?.totals.candidates.accepted ?? 0 },
  ].filter(({ key }) => known.includes(key.name));
  if (pairs.length > 0) upsertSearchAttributes(pairs);
}
