/** The round that a run has put before people, as the store has it. */
import { acceptedIn } from '../../activities/accepted.js';
import type { ReviewRequest, ReviewVerdict, ReviewWait } from '../../activities/review-messages.js';
import type { SampleRow } from '../../activities/review/review-round.js';
import { type VerdictCheck, verdictCheck } from '../../activities/review/review-rules.js';
import { Runs } from '../../activities/run-data.js';
import { roundFiles } from '../../activities/run-files.js';
import type { Ref } from '../../activities/types.js';
import { readJsonlAt, sha256Hex, toJson } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';

export interface RoundToReview {
  wait: ReviewWait;
  sample: SampleRow[];
  check: VerdictCheck;
}

export async function roundToReview(
  store: Store,
  { runId, wait }: { runId: string; wait: ReviewWait },
): Promise<RoundToReview> {
  const { round } = wait;
  // Whoever reads has the store open: whether it is the run's own is asked of workers only.
  const storeId = '';
  const runs = new Runs({ store, storeId });
  const run = { runId, storeUrl: store.url, storeId };
  const accepted = await acceptedIn(store, { runId, round });
  return {
    wait,
    sample: await readJsonlAt<SampleRow>(store, roundFiles(runId, round).reviewSample),
    check: await verdictCheck(runs, { run, round, accepted }),
  };
}

/** What a run is asked to take. The verdicts lie in the store from then on, and count once the run has taken them. */
export async function reviewRequest(
  store: Store,
  review: Omit<ReviewRequest, 'verdicts'> & { runId: string; verdicts: readonly ReviewVerdict[] },
): Promise<ReviewRequest> {
  const { runId, verdicts, ...request } = review;
  return { ...request, verdicts: await writeVerdicts(store, { runId, round: request.round, verdicts }) };
}

/** Named by their content: a second attempt finds them there. */
async function writeVerdicts(
  store: Store,
  { runId, round, verdicts }: { runId: string; round: number; verdicts: readonly ReviewVerdict[] },
): Promise<Ref | null> {
  if (verdicts.length === 0) return null;
  const text = verdicts.map((verdict) => `${toJson(verdict)}\n`).join('');
  const sha256 = sha256Hex(text);
  const uri = roundFiles(runId, round).verdicts(sha256);
  await store.create(uri, text);
  return { uri, sha256, count: verdicts.length };
}
