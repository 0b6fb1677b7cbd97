import type { Ref } from '../activities/types.js';
import { cpu, store, student } from './activities.js';
import { scoringInWords } from './counts.js';
import type { LoopResult, LoopState, StagesPlan, StagesState } from './inputs.js';
import { innermost, LoopSteps } from './loop-steps.js';
import { nextRound } from './next-round.js';
import { targetOf } from './stop-rule.js';
import { untilDone } from './student-work.js';

/**
 * DEITA's scoring and selection, one part of the rows per workflow run: scores and vectors of the part, then continue as
 * new; behind the last part the selection among all rows.
 */
export async function scoreLoop(state: LoopState): Promise<LoopResult> {
  const steps = new LoopSteps(state);
  const ended = await steps.play(() => scorePart(steps));
  return ended ?? (await nextRound(steps.state));
}

async function scorePart(steps: LoopSteps): Promise<void> {
  const { run, round, plan } = steps.state;
  if (plan.stages === undefined) throw new Error('a plan without scores and selection');
  const { stages, lastRound } = await openStages(steps);

  for (const phase of plan.stages.phases) await steps.makeCalls(phase);
  await askStudent(steps, plan.stages);
  await steps.at('gathering scores');
  const gathered = await unlessCancelled(steps, () =>
    cpu.gatherScores.executeWithOptions(steps.summary('gather scores'), [{ run, round }]),
  );

  const isLast = round >= lastRound;
  // A cancelled run selects from what it has.
  const hasSelected = plan.stages.selects && (isLast || steps.isCancelled);
  if (hasSelected) {
    await steps.at('selecting');
    await unlessCancelled(steps, () =>
      cpu.selectRows.executeWithOptions(steps.summary('select rows'), [
        { run, from: stages.firstRound, to: round, ...steps.thresholds },
      ]),
    );
  }
  await steps.at('round done', { hasSelected });
  const scoring = gathered?.scoring ?? null;
  // Whoever can score nothing of a part is not to be paid for all the others.
  if (!isLast && scoring !== null && scoring.scored === 0) {
    await steps.pauseAndWait({ by: 'stall', reason: `no score in this part: ${scoringInWords(scoring)}` });
  }
  steps.roundDone(
    {
      attractiveBatches: null,
      heldOutLoss: null,
      note: scoring ? scoringInWords(scoring) : `${gathered?.rows ?? 0} rows`,
    },
    // A part without candidates is no stall.
    { stages, stalledRounds: 0 },
  );
}

/**
 * What the data do not allow (too many vectors to compare) is for a person to decide, and no attempt mends it. null: the run was
 * cancelled, and goes on without.
 */
async function unlessCancelled<Result>(
  steps: LoopSteps,
  work: () => Promise<Result>,
): Promise<Result | null> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (steps.isCancelled) return null;
      await steps.pauseAndWait({ by: 'data', reason: innermost(error) });
    }
  }
}

/** Counts the rows once: those that were given, or what generation has brought. */
async function openStages(steps: LoopSteps): Promise<{ stages: StagesState; lastRound: number }> {
  const { run, round, stages: known } = steps.state;
  const { reason, firstRound } = known ?? { reason: '', firstRound: round };
  if (known !== undefined && known.parts !== null)
    return { stages: known, lastRound: firstRound + known.parts - 1 };
  const target = targetOf(steps.state);
  const { rows, parts } = await cpu.openRows.executeWithOptions(steps.summary('count the rows'), [
    { run, round, target },
  ]);
  return { stages: { reason, firstRound, parts, rows, target }, lastRound: firstRound + parts - 1 };
}

/** What the student does in place of a teacher. */
async function askStudent(steps: LoopSteps, { scorer, embedder }: StagesPlan): Promise<void> {
  const { run, round } = steps.state;
  if (scorer !== null) {
    for (const aspect of ['complexity', 'quality'] as const) {
      const { prompts, adapter } = await store.scorerPrompts.executeWithOptions(
        steps.summary(`prompts for ${aspect}`),
        [{ run, round, aspect }],
      );
      if (prompts.count === 0) continue;
      await untilDone(steps, `scoring ${aspect}`, () =>
        student.scoreRows.executeWithOptions(steps.summary(`${aspect} of ${prompts.count} rows`), [
          { ...scorer, run, rows: prompts, adapter, out: `${folderOf(prompts)}/${aspect}-scores.jsonl` },
        ]),
      );
    }
  }
  if (embedder !== null) {
    const rows = await store.rowsOf.executeWithOptions(steps.summary('rows to embed'), [{ run, round }]);
    if (rows.count === 0) return;
    await untilDone(steps, 'embedding rows', () =>
      student.embedRows.executeWithOptions(steps.summary(`vectors of ${rows.count} rows`), [
        { ...embedder, run, rows, out: `${folderOf(rows)}/vectors.npy` },
      ]),
    );
  }
}

/** Beside the rows: the folder of their round. */
function folderOf({ uri }: Ref): string {
  return uri.slice(0, uri.lastIndexOf('/'));
}
