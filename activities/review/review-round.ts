/** What a round needs that waits for people: a sample to show, and the decision kept. */
import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { seededRandom } from '../../methods/random.js';
import { excerpt } from '../../methods/text.js';
import { readJson, readJsonIfAny, refTo, toJson, writeJsonl } from '../../store/artifacts.js';
import { CorruptDataError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';
import { acceptedIn } from '../accepted.js';
import type { OpenedReview, ReviewDecision, ReviewVerdict } from '../review-messages.js';
import type { Runs } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import type { Candidate, RoundInput } from '../types.js';
import { firstProblem, verdictCheck } from './review-rules.js';
import { readVerdicts } from './reviewed.js';

/** `review-sample.jsonl`: what a reviewer is shown. */
export type SampleRow = Pick<Candidate, 'id' | 'instruction' | 'input' | 'output' | 'nearest' | 'mix'>;

/**
 * Draws the sample: the same one for the same run seed and round, in call order. Of a round that is reviewed it is the one that the
 * reviewer saw: fewer may be accepted since then, and another one would be drawn.
 */
export async function openReview(runs: Runs, { run, round }: RoundInput): Promise<OpenedReview> {
  const { seed, review } = await runs.recipe(run);
  if (review === undefined) throw new Error('a recipe without review');
  const { store } = runs;
  const files = roundFiles(run.runId, round);
  const isReviewed = (await store.read(files.review)) !== undefined;
  if (isReviewed) return { sample: await refTo(store, files.reviewSample), isReviewed };
  const accepted = await acceptedIn(store, { runId: run.runId, round });
  const places = accepted.map((_, place) => place);
  const drawn = seededRandom(seed, 'review', round).sample(places, review.sample);
  const rows = drawn.sort((a, b) => a - b).map((place) => sampleRow(accepted[place] as Candidate));
  return { sample: await writeJsonl(store, files.reviewSample, rows), isReviewed };
}

function sampleRow({ id, instruction, input, output, nearest, mix }: Candidate): SampleRow {
  return { id, instruction, input, output, nearest, ...(mix && { mix }) };
}

/**
 * Writes `review.json`, once: the first decision counts, also for a run that begins again. Returns the decision that stands where that
 * is another one, made before; null: this one does. What is wrong with a decision that does not count is nobody's concern.
 * @throws ApplicationFailure `BadReview` when verdicts are missing, changed, or not of this round's examples.
 */
export async function keepReview(
  runs: Runs,
  { run, round, decision }: RoundInput & { decision: ReviewDecision },
): Promise<ReviewDecision | null> {
  await runs.recipe(run);
  const { store } = runs;
  const { review } = roundFiles(run.runId, round);
  let standing = await readJsonIfAny<ReviewDecision>(store, review);
  if (standing === undefined) {
    await checkVerdicts(runs, { run, round, decision });
    if (await store.create(review, `${toJson(decision, 2)}\n`)) return null;
    standing = await readJson<ReviewDecision>(store, review);
  }
  return isDeepStrictEqual(standing, decision) ? null : standing;
}

async function checkVerdicts(
  runs: Runs,
  { run, round, decision }: RoundInput & { decision: ReviewDecision },
): Promise<void> {
  const { store } = runs;
  if (decision.verdicts === null) return;
  const verdicts = await usableVerdicts(store, { run, round, decision });
  const accepted = await acceptedIn(store, { runId: run.runId, round });
  const check = await verdictCheck(runs, { run, round, accepted });
  const wrong = firstProblem(verdicts, { check, decision: decision.decision });
  if (wrong !== null) throw badReview(wrong.problem);
}

async function usableVerdicts(
  store: Store,
  { run, round, decision }: RoundInput & { decision: ReviewDecision },
): Promise<ReviewVerdict[]> {
  try {
    return await readVerdicts(store, { runId: run.runId, round }, decision);
  } catch (error) {
    if (error instanceof CorruptDataError) throw badReview(error.message);
    throw error;
  }
}

function badReview(problem: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(excerpt(problem, 300), 'BadReview');
}
