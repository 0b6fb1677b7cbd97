import { ApplicationFailure } from '@temporalio/workflow';
import type { Counts, GatheredSkills } from '../activities/types.js';
import { cpu, store } from './activities.js';
import { awaitReview } from './await-review.js';
import type { ExtractionPlan, LoopResult, LoopState, MixState, SkillMixPlan } from './inputs.js';
import { LoopSteps } from './loop-steps.js';
import { nextRound } from './next-round.js';
import { targetOf } from './stop-rule.js';

/**
 * Instruct-SkillMix, one round per workflow run: first rounds that extract skills and query types, until they bring little
 * that is new; then rounds that each write a number of examples, turn after turn; then continue as new.
 */
export async function skillMixLoop(state: LoopState): Promise<LoopResult> {
  const steps = new LoopSteps(state);
  const { skillMix } = state.plan;
  if (skillMix === undefined) throw ApplicationFailure.nonRetryable('a plan of SkillMix without its keys');
  const mix = state.mix ?? nothingExtracted(skillMix);
  const ended = await steps.play(() =>
    mix.isExtracted ? writeExamples(steps, skillMix) : extractSkills(steps, { plan: skillMix, mix }),
  );
  if (ended !== null) return ended;
  return await nextRound(steps.state);
}

/** One round of extraction. Lists that are given need none. */
async function extractSkills(
  steps: LoopSteps,
  { plan, mix }: { plan: SkillMixPlan; mix: MixState },
): Promise<void> {
  const { run, round, stalledRounds } = steps.state;
  const extraction = plan.extraction as ExtractionPlan;
  const { phases } = extraction;
  const isFromDataset = phases.includes('row-skills');

  for (const phase of phases.filter((phase) => phase !== 'embeddings' && phase !== 'synonyms')) {
    await steps.makeCalls(phase);
  }
  await steps.at('gathering skills');
  let gathered = await cpu.gatherSkills.executeWithOptions(steps.summary('gather skills'), [{ run, round }]);
  if (isFromDataset) {
    // Names that mean one skill: vectors say which are near each other, the teacher which are the same.
    await steps.makeCalls('embeddings');
    await steps.at('proposing synonyms');
    await cpu.proposeSynonyms.executeWithOptions(steps.summary('propose synonyms'), [{ run, round }]);
    await steps.makeCalls('synonyms');
    await steps.at('merging synonyms');
    gathered = await cpu.mergeSynonyms.executeWithOptions(steps.summary('merge synonyms'), [{ run, round }]);
  }

  await steps.at('round done');
  const { planned, failed } = steps.current.calls;
  const rounds = mix.rounds + 1;
  // A round of which nothing came because its calls failed says nothing about what there is to find.
  const hasFailed = gathered.named === 0 && Object.keys(failed).length > 0;
  const isLast = rounds >= extraction.maxRounds || (!hasFailed && isBarren(gathered, extraction));
  if (isLast && !steps.isCancelled) checkEnough(gathered, plan, steps.current);
  if (isLast || steps.isCancelled) {
    await store.keepLists.executeWithOptions(steps.summary('keep the lists'), [{ run, round }]);
  }
  steps.roundDone(
    { attractiveBatches: null, heldOutLoss: null, note: gathered.note },
    {
      mix: { isExtracted: isLast, rounds, calls: mix.calls + planned },
      // A round without candidates is no stall here.
      stalledRounds,
    },
  );
}

/** One round of examples: each turn of all their conversations, then their verdicts. */
async function writeExamples(steps: LoopSteps, plan: SkillMixPlan): Promise<void> {
  const { run, round, totals, askCalls } = steps.state;
  const target = targetOf(steps.state);
  const { accepted } = totals.candidates;

  await steps.makeCalls('draft', { remaining: target - accepted, askCalls, accepted });
  await steps.makeCalls('draft-rewrite');
  await steps.makeCalls('critique');
  await steps.makeCalls('improve');
  await steps.makeCalls('improve-rewrite');
  await steps.at('assembling examples');
  await cpu.assembleExamples.executeWithOptions(steps.summary('assemble examples'), [
    { run, round, ...steps.thresholds },
  ]);

  if (plan.hasShirkers) await steps.makeCalls('shirk');
  if (plan.hasGate) await steps.makeCalls('judge');
  await steps.at('deciding examples');
  const decide = () =>
    cpu.decideExamples.executeWithOptions(steps.summary('decide examples'), [
      { run, round, ...steps.thresholds },
    ]);
  const decided = await decide();
  if (await awaitReview(steps, decided.accepted)) await decide();

  await steps.at('round done');
  steps.roundDone({ attractiveBatches: null, heldOutLoss: null, note: '' });
}

function nothingExtracted({ extraction }: SkillMixPlan): MixState {
  return { isExtracted: extraction === null, rounds: 0, calls: 0 };
}

/** So little is new that another round is not worth its calls. */
function isBarren({ named, added }: GatheredSkills, { minNewShare }: ExtractionPlan): boolean {
  return named === 0 || added / named < minNewShare;
}

/** @throws what ends the run when examples cannot be made of what was found. */
function checkEnough(
  { skills, queryTypes }: GatheredSkills,
  { k, needsSkills }: SkillMixPlan,
  { calls }: Counts,
): void {
  const failed = Object.entries(calls.failed).map(([reason, n]) => `${reason} ${n}`);
  const why = failed.length > 0 ? ` (calls of its last round failed as ${failed.join(', ')})` : '';
  if (needsSkills && skills < k) {
    throw ApplicationFailure.nonRetryable(
      `extraction found ${skills} skills, but every example needs ${k}${why}: ask for more of them, give a list (skillmix.skills), lower skillmix.k, or take another seed`,
      'TooFewSkills',
    );
  }
  if (queryTypes === 0) {
    throw ApplicationFailure.nonRetryable(
      `extraction found no query type${why}: give a list (skillmix.queryTypes), or take another seed`,
      'TooFewSkills',
    );
  }
}
