/** The last step of deciding on a round: people's verdicts, where they have given any. */
import { z } from 'zod';
import { readJsonIfAny, readJsonl, writeJsonl } from '../../store/artifacts.js';
import { CorruptDataError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';
import type { ReviewDecision, ReviewVerdict } from '../review-messages.js';
import type { Runs } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import type { Candidate, Ref, RoundInput } from '../types.js';
import { applyReview, type Review } from './apply-review.js';
import { verdictSchema } from './verdict-schema.js';

/** Writes a round's `candidates.jsonl`: a pure function of what was decided and of the review that the store has. */
export async function writeDecided(
  runs: Runs,
  { run, round }: RoundInput,
  decided: readonly Candidate[],
): Promise<{ candidates: Ref; accepted: number }> {
  const review = await readReview(runs.store, { runId: run.runId, round });
  const rows = review === null ? decided : applyReview(decided, review);
  const candidates = await writeJsonl(runs.store, roundFiles(run.runId, round).candidates, rows);
  return { candidates, accepted: rows.filter(({ verdict }) => verdict.state === 'accepted').length };
}

/** The decision on a round with its verdicts; null: there is none. */
export async function readReview(
  store: Store,
  { runId, round }: { runId: string; round: number },
): Promise<Review | null> {
  const decision = await readJsonIfAny<ReviewDecision>(store, roundFiles(runId, round).review);
  if (decision === undefined) return null;
  const verdicts = await readVerdicts(store, { runId, round }, decision);
  return { ...decision, verdicts };
}

/**
 * Those that a decision names, of this round, wherever it was made, with clean texts whoever wrote them. Throws `CorruptDataError` when
 * they are others, or no verdicts.
 */
export async function readVerdicts(
  store: Store,
  { runId, round }: { runId: string; round: number },
  { verdicts }: Pick<ReviewDecision, 'verdicts'>,
): Promise<ReviewVerdict[]> {
  if (verdicts === null) return [];
  const uri = roundFiles(runId, round).verdicts(verdicts.sha256);
  const rows = z.array(verdictSchema).safeParse(await readJsonl(store, { ...verdicts, uri }));
  if (!rows.success) throw new CorruptDataError(`${uri} has no verdicts: ${z.prettifyError(rows.error)}`);
  return rows.data;
}
