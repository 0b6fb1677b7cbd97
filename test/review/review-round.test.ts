import assert from 'node:assert/strict';
import { keepReview, openReview } from '../../activities/review/review-round.js';
import { readReview, writeDecided } from '../../activities/review/reviewed.js';
import type { ReviewDecision, ReviewVerdict } from '../../activities/review-messages.js';
import { roundFiles } from '../../activities/run-files.js';
import type { Candidate } from '../../activities/types.js';
import { readJson, readJsonlAt, writeJson, writeJsonl } from '../../store/artifacts.js';
import { CorruptDataError } from '../../store/errors.js';
import { type StoredRun, storedRecipe, storedRun } from '../activities/stored-run.js';
import { hostileTexts } from '../hostile.js';
import { temporaryFolder } from '../temporary-folder.js';
import { reviewCandidate } from './candidates.js';

const ids = ['apple', 'bridge', 'forest', 'desert', 'harbour', 'meadow'];
const decided = ids.map((id) => reviewCandidate(id));
const round = 1;

describe('the review of a round', () => {
  const folder = temporaryFolder();
  let at: StoredRun;

  beforeEach(async () => {
    at = await storedRun({ folder: folder(), recipe: storedRecipe({ review: { sample: 3 } }) });
    await writeDecided(at.runs, { run: at.run, round }, decided);
  });

  const files = () => roundFiles(at.run.runId, round);
  const keep = (decision: ReviewDecision) => keepReview(at.runs, { run: at.run, round, decision });
  /** A decision whose verdicts lie in the store, as whoever wrote them left them. */
  async function decision(by: string, said: Record<string, unknown>[] = []): Promise<ReviewDecision> {
    const given: ReviewDecision = {
      ...{ round, by, at: '2026-11-22T10:00:00.000Z', decision: 'approve', isTimeout: false },
      ...{ note: null, verdicts: null, nth: 0 },
    };
    if (said.length === 0) return given;
    const { sha256, count } = await writeJsonl(at.store, 'verdicts', said);
    const uri = files().verdicts(sha256);
    await writeJsonl(at.store, uri, said);
    return { ...given, verdicts: { uri, sha256, count } };
  }

  it('is the first that is made: a later one is told which one stands, and the same one is kept once', async () => {
    const ann = await decision('ann', [{ id: 'apple', verdict: 'reject' }]);
    assert.equal(await keep(ann), null);
    assert.equal(await keep(ann), null);
    assert.deepEqual(await keep({ ...(await decision('bob')), decision: 'reject' }), ann);
    await writeDecided(at.runs, { run: at.run, round }, decided);
    // On an example that is not accepted any more, and on none: of no consequence in a round that is decided.
    const unusable = await decision('bob', [
      { id: 'apple', verdict: 'approve' },
      { id: 'nobody', verdict: 'reject' },
    ]);
    assert.deepEqual(await keep(unusable), ann);
    assert.deepEqual(await readJson(at.store, files().review), ann);
  });

  it('leaves the sample that the reviewer saw when the round is decided again', async () => {
    const { sample, isReviewed } = await openReview(at.runs, { run: at.run, round });
    assert.deepEqual([sample.count, isReviewed], [3, false]);
    const shown = await readJsonlAt<{ id: string }>(at.store, files().reviewSample);
    await keep(
      await decision(
        'ann',
        shown.map(({ id }) => ({ id, verdict: 'reject' })),
      ),
    );
    await writeDecided(at.runs, { run: at.run, round }, decided);
    assert.deepEqual(await openReview(at.runs, { run: at.run, round }), { sample, isReviewed: true });
    assert.deepEqual(await readJsonlAt(at.store, files().reviewSample), shown);
  });

  it('brings no escapes and no lone surrogates into the dataset, whoever wrote the verdicts', async () => {
    const { clearScreen, loneSurrogates, title } = hostileTexts;
    const said = [
      { id: 'apple', verdict: 'edit', output: `A fruit. ${clearScreen}${loneSurrogates}`, note: title },
    ];
    assert.equal(await keep(await decision('ann', said)), null);
    await writeDecided(at.runs, { run: at.run, round }, decided);
    const [apple] = await readJsonlAt<Candidate>(at.store, files().candidates);
    assert.equal(apple?.output, 'A fruit.  hostile clear \ufffdhostile\ufffd \ufffd\ufffd');
    assert.equal(apple?.review?.note, ' and  hostile');
  });

  it('cannot be read where its verdicts are none', async () => {
    await writeJson(at.store, files().review, await decision('ann', [{ id: 'apple', verdict: 'maybe' }]));
    await assert.rejects(
      readReview(at.store, { runId: at.run.runId, round }),
      (error) => error instanceof CorruptDataError && /has no verdicts: /.test(error.message),
    );
    const [verdict]: ReviewVerdict[] = [{ id: 'bridge', verdict: 'reject' }];
    await writeJson(at.store, files().review, await decision('ann', [{ ...verdict }]));
    const review = await readReview(at.store, { runId: at.run.runId, round });
    assert.deepEqual(review?.verdicts, [verdict]);
  });
});
