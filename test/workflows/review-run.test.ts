import assert from 'node:assert/strict';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { acceptedIn } from '../../activities/accepted.js';
import type { SampleRow } from '../../activities/review/review-round.js';
import type { ReviewDecision, ReviewRequest, ReviewVerdict } from '../../activities/review-messages.js';
import { roundFiles } from '../../activities/run-files.js';
import { givenSkill } from '../../activities/skillmix/skill-lists.js';
import type { Candidate } from '../../activities/types.js';
import { readChanges } from '../../client/changes.js';
import { findExample } from '../../client/example/find-example.js';
import { reviewRequest } from '../../client/review/round-to-review.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { contentHash } from '../../methods/identity.js';
import { readJson, readJsonIfAny, readJsonlAt, writeJson } from '../../store/artifacts.js';
import { loopId } from '../../workflows/ids.js';
import { reviewUpdate } from '../../workflows/messages.js';
import { type RecipeChanges, RunHarness, type StartOptions, until } from '../run-harness.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { answer } from '../scripted-teacher.js';
import { type Dataset, readDataset } from './dataset.js';
import { fewRounds, undisturbedDataset } from './undisturbed.js';

/** A second: nothing asserts how long it takes. */
const soon = 1 / 3_600;
const oneRound = { ...fewRounds, stop: { maxRounds: 1 } };

describe('a run whose rounds are reviewed', () => {
  let undisturbed: Dataset;
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    undisturbed = await undisturbedDataset();
    const skillMix = scriptedSkillMix({});
    harness = await RunHarness.start({
      teacher: { script: (request) => (request.model === 'mix' ? skillMix : answer)(request) },
    });
  });
  after(() => harness.stop());

  /** A run that waits for the review of its first round, unless told otherwise. */
  async function waitingRun(changes: RecipeChanges = {}, options: StartOptions = {}): Promise<string> {
    const runId = await harness.startRun({ ...oneRound, review: {}, ...changes }, options);
    await untilWaiting(runId);
    return runId;
  }
  const untilWaiting = (runId: string, round?: number) =>
    until(async () => {
      const { review } = await harness.status(runId);
      return review !== null && (round === undefined || review.round === round) && review;
    });
  const decide = async (
    runId: string,
    { said = [], ...given }: Partial<ReviewRequest> & { said?: ReviewVerdict[] } = {},
  ) => {
    const review = { by: 'ann', round: 1, decision: 'approve' as const, note: null, ...given };
    const arg = await reviewRequest(harness.store, { runId, ...review, verdicts: said });
    const args: [ReviewRequest] = [{ ...arg, ...(given.verdicts && { verdicts: given.verdicts }) }];
    return await harness.handle(runId).executeUpdate(reviewUpdate, { args });
  };
  const candidatesOf = (runId: string, round = 1) =>
    readJsonlAt<Candidate>(harness.store, roundFiles(runId, round).candidates);
  const acceptedOf = (runId: string, round = 1) => acceptedIn(harness.store, { runId, round });
  const decisionOn = (runId: string, round = 1) =>
    readJson<ReviewDecision>(harness.store, roundFiles(runId, round).review);
  const assertVerified = async (runId: string) =>
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);

  it('waits before anything is built on a round, says so, and goes on alike when it is approved', async () => {
    const runId = await harness.startRun({ ...fewRounds, review: { every: 2, sample: 3 } });
    const { round, accepted, sampled, onTimeout } = await untilWaiting(runId);
    assert.deepEqual([round, sampled, onTimeout], [2, 3, 'pause']);
    assert.equal((await harness.status(runId)).state, 'waiting-for-review');
    await until(async () => (await readStatus(harness.store, runId)).review?.until != null);
    const { state, review } = await readStatus(harness.store, runId);
    assert.deepEqual([state, review?.accepted], ['waiting-for-review', accepted]);
    const files = await harness.store.list(`${runId}/rounds`);
    assert.ok(files.includes(roundFiles(runId, 1).batches) && !files.includes(roundFiles(runId, 2).batches));
    const sample = await readJsonlAt<SampleRow>(harness.store, roundFiles(runId, 2).reviewSample);
    const ids = (await acceptedOf(runId, 2)).map(({ id }) => id);
    assert.ok(sample.length === 3 && sample.every(({ id }) => ids.includes(id)));

    let isOver = false;
    const result = harness.result(runId).finally(() => {
      isOver = true;
    });
    for (let next = 2; !isOver; next += 2) {
      await decide(runId, { round: next });
      await until(async () => isOver || (await harness.status(runId)).review?.round === next + 2);
    }
    assert.equal((await result).state, 'finished');
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
    await assertVerified(runId);
  });

  it('rejects, edits and keeps examples as the reviewer says, with lineage', async () => {
    const runId = await waitingRun();
    const [bad, wrong, good, ...others] = (await acceptedOf(runId)) as [Candidate, Candidate, Candidate];
    const said: ReviewVerdict[] = [
      { id: bad.id, verdict: 'reject', note: 'says nothing' },
      { id: wrong.id, verdict: 'edit', output: 'A better answer, by a person.' },
      { id: good.id, verdict: 'approve' },
    ];
    await decide(runId, { said });
    await harness.result(runId);
    const after = new Map((await candidatesOf(runId)).map((row) => [row.id, row]));
    assert.deepEqual(after.get(bad.id)?.verdict, {
      state: 'rejected',
      reason: 'review',
      detail: 'says nothing',
    });
    const { instruction, input, output } = wrong;
    const text = { instruction, input, output: 'A better answer, by a person.' };
    assert.deepEqual(after.get(wrong.id), {
      ...wrong,
      ...text,
      contentHash: contentHash(text),
      review: { by: 'ann', verdict: 'edit', original: { instruction, input, output } },
    });
    assert.deepEqual(after.get(good.id), { ...good, review: { by: 'ann', verdict: 'approve' } });
    const { lineage, alpaca } = await readDataset(harness, runId);
    assert.equal(lineage.length, others.length + 2);
    assert.deepEqual(lineage.find(({ id }) => id === wrong.id)?.review, after.get(wrong.id)?.review);
    assert.ok(
      alpaca.some((row) => row.output === text.output) && !alpaca.some((row) => row.output === output),
    );
    const status = await readStatus(harness.store, runId);
    assert.deepEqual([status.rejected.review, status.accepted], [1, others.length + 2]);
    const found = await findExample(harness.store, { runId, rounds: 1, wanted: wrong.id });
    assert.equal(found.review?.original?.output, output);
    await assertVerified(runId);

    // What was decided is part of what verify recomputes.
    const name = roundFiles(runId, 1).candidates;
    const rows = String(await harness.store.read(name));
    await harness.store.write(name, rows.replaceAll('A better answer, by a person.', 'Another one.'));
    const { problems } = await verifyRun(harness.store, runId);
    assert.ok(problems.some((problem) => /1 candidates are not what answers and review make/.test(problem)));
  });

  it('rejects a whole round', async () => {
    const runId = await waitingRun();
    const accepted = await acceptedOf(runId);
    await decide(runId, { decision: 'reject', note: 'off topic' });
    await harness.result(runId);
    const rejected = (await candidatesOf(runId)).filter(({ review }) => review !== undefined);
    assert.equal(rejected.length, accepted.length);
    for (const { verdict } of rejected)
      assert.deepEqual(verdict, { state: 'rejected', reason: 'review', detail: 'off topic' });
    assert.equal((await readDataset(harness, runId)).train.length, 0);
    await assertVerified(runId);
  });

  it('approves by itself when nobody comes, and records that', async () => {
    const runId = await harness.finishedRun({
      ...fewRounds,
      review: { timeoutHours: soon, onTimeout: 'approve' },
    });
    const { by, isTimeout, decision } = await decisionOn(runId);
    assert.deepEqual([by, isTimeout, decision], ['timeout', true, 'approve']);
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
    await assertVerified(runId);
  });

  it('rejects by itself when nobody comes', async () => {
    const runId = await harness.finishedRun({
      ...oneRound,
      review: { timeoutHours: soon, onTimeout: 'reject' },
    });
    assert.equal((await decisionOn(runId)).isTimeout, true);
    assert.equal((await acceptedOf(runId)).length, 0);
    await assertVerified(runId);
  });

  it('pauses when nobody comes, waits again after resume, and goes on with a review', async () => {
    const runId = await waitingRun({ review: { timeoutHours: soon } });
    const { settings, review } = await harness.untilPaused(runId);
    assert.deepEqual(settings.paused, { by: 'review', reason: 'nobody has reviewed round 1 in time' });
    assert.equal(review?.until, null);
    assert.equal((await harness.resume(runId)).state, 'waiting-for-review');
    await harness.untilPaused(runId);
    assert.notEqual((await decide(runId)).state, 'paused');
    assert.equal((await harness.result(runId)).state, 'finished');
    await assertVerified(runId);
  });

  it('takes a review while a person has paused it, and goes on with it after resume', async () => {
    const runId = await waitingRun();
    assert.equal((await harness.pause(runId)).state, 'paused');
    assert.equal((await decide(runId)).state, 'paused');
    await harness.resume(runId);
    assert.equal((await harness.result(runId)).state, 'finished');
    assert.equal((await decisionOn(runId)).by, 'ann');
  });

  it('refuses a review of a round that does not wait, and says who has decided', async () => {
    const runId = await waitingRun();
    await assert.rejects(
      decide(runId, { round: 2 }),
      refusal(/waits for a review of round 1, not of round 2/),
    );
    await assert.rejects(decide(runId, { by: ' ' }), refusal(/"by"/));
    await assert.rejects(decide(runId, { decision: 'maybe' as 'approve' }), refusal(/not "maybe"/));
    await harness.pause(runId);
    await decide(runId);
    await assert.rejects(
      decide(runId, { by: 'bob', decision: 'reject' }),
      refusal(/round 1 was approved already, by ann at .* UTC/),
    );
    await harness.resume(runId);
    await harness.result(runId);
  });

  it('takes no verdicts that cannot be applied, says why, and waits on', async () => {
    const runId = await waitingRun();
    const [first] = (await acceptedOf(runId)) as [Candidate];
    await decide(runId, { said: [{ id: 'nobody', verdict: 'reject' }] });
    const nobody = await until(async () => (await harness.status(runId)).review?.problem);
    assert.match(nobody, /round 1 has no accepted example "nobody"/);
    const lost = { uri: roundFiles(runId, 1).verdicts('0'.repeat(64)), sha256: '0'.repeat(64), count: 3 };
    await decide(runId, { verdicts: lost });
    await until(async () => /missing/.test((await harness.status(runId)).review?.problem ?? ''));
    await decide(runId, { said: [{ id: first.id, verdict: 'edit', output: ' ' }] });
    await until(async () => /empty-output/.test((await harness.status(runId)).review?.problem ?? ''));
    assert.equal(await readJsonIfAny(harness.store, roundFiles(runId, 1).review), undefined);
    await decide(runId, { said: [{ id: first.id, verdict: 'reject' }] });
    await harness.result(runId);
    assert.ok((await acceptedOf(runId)).every(({ id }) => id !== first.id));
    await assertVerified(runId);
  });

  it('is cancelled while it waits, with what was accepted, unreviewed', async () => {
    const runId = await waitingRun();
    const accepted = await acceptedOf(runId);
    await harness.cancel(runId);
    assert.equal((await harness.result(runId)).state, 'cancelled');
    assert.equal((await readDataset(harness, runId)).train.length, accepted.length);
    assert.equal(await readJsonIfAny(harness.store, roundFiles(runId, 1).review), undefined);
    await assertVerified(runId);
  });

  it('needs no process while it waits, and waits through fresh histories', async () => {
    // Far above what a fresh history begins with: it would be followed by the next one at once.
    const runId = await waitingRun({}, { eventsPerRun: 60 });
    await harness.stopWorkers();
    await harness.startWorkers();
    const history = async () => (await harness.handle(runId).describe()).runId;
    const first = await history();
    while ((await history()) === first) {
      await harness.pause(runId);
      await harness.resume(runId);
    }
    await until(async () => (await harness.status(runId)).review?.until != null);
    await decide(runId);
    assert.equal((await harness.result(runId)).state, 'finished');
    assert.equal((await decisionOn(runId)).by, 'ann');
  });

  it('does not ask twice about a round when its history was lost, and asks again about one that waits', async () => {
    const runId = await harness.startRun({ ...fewRounds, stop: { maxRounds: 2 }, review: {} });
    await untilWaiting(runId);
    await decide(runId, { decision: 'reject' });
    await untilWaiting(runId, 2);
    for (const workflowId of [runId, loopId(runId)]) await harness.terminate(workflowId);
    await harness.startWorkflow(runId);
    await untilWaiting(runId, 2);
    await decide(runId, { round: 2, by: 'bob' });
    await harness.result(runId);
    assert.deepEqual([(await decisionOn(runId)).by, (await decisionOn(runId, 2)).by], ['ann', 'bob']);
    assert.deepEqual([(await acceptedOf(runId)).length, (await acceptedOf(runId, 2)).length > 0], [0, true]);
    await assertVerified(runId);
  });

  it('goes by the decision that the store has already, and says so, when its history knows nothing of that', async () => {
    const runId = await waitingRun();
    const accepted = await acceptedOf(runId);
    const [bad] = accepted as [Candidate];
    // As after the restore of an older database: Ann's review is in the store, and the loop waits still.
    const given = { runId, by: 'ann', round: 1, decision: 'approve' as const, note: null };
    const said: ReviewVerdict[] = [{ id: bad.id, verdict: 'reject' }];
    const asked = await reviewRequest(harness.store, { ...given, verdicts: said });
    const ann: ReviewDecision = { ...asked, at: '2026-11-22T10:00:00.000Z', isTimeout: false, nth: 0 };
    await writeJson(harness.store, roundFiles(runId, 1).review, ann);
    await decide(runId, { by: 'bob', decision: 'reject', said: [{ id: 'nobody', verdict: 'reject' }] });
    const { state, settings } = await harness.result(runId);
    assert.deepEqual([state, settings.reviewed], ['finished', ann]);
    assert.deepEqual(
      (await acceptedOf(runId)).map(({ id }) => id),
      accepted.slice(1).map(({ id }) => id),
    );
    const changes = (await readChanges(harness.store, runId)).map(({ by, what }) => `${by}: ${what}`);
    assert.deepEqual(changes, [
      'bob: round 1 rejected, with verdicts on 1 examples',
      'review: round 1 was approved already, by ann at 2026-11-22 10:00 UTC: that decision stands',
    ]);
    await assertVerified(runId);
  });

  it('tells a run that was started again, while its loop went on waiting, what it waits for', async () => {
    const runId = await waitingRun();
    await harness.terminate(runId);
    await harness.startWorkflow(runId);
    await untilWaiting(runId);
    await decide(runId);
    assert.equal((await harness.result(runId)).state, 'finished');
  });

  it('reviews the examples of Instruct-SkillMix', async () => {
    const skills = Array.from({ length: 6 }, (_, n) => givenSkill(`skill_${n}`));
    const given = { skills, 'query-types': [{ name: 'Type', definition: 'Asks.' }] };
    const skillmix = {
      skills: { from: 'file', file: 's.txt' },
      queryTypes: { from: 'file', file: 'q.txt' },
    };
    const runId = await harness.startRun(
      {
        method: 'skillmix',
        target: 6,
        skillmix,
        teacher: { model: 'mix' },
        stop: { maxRounds: 1 },
        review: {},
      },
      { given },
    );
    await untilWaiting(runId);
    const [first, second] = (await acceptedOf(runId)) as [Candidate, Candidate];
    const said: ReviewVerdict[] = [
      { id: first.id, verdict: 'reject' },
      { id: second.id, verdict: 'edit', instruction: 'Say it in other words.' },
    ];
    await decide(runId, { said });
    await harness.result(runId);
    const accepted = await acceptedOf(runId);
    assert.deepEqual([accepted.length, accepted[0]?.instruction], [5, 'Say it in other words.']);
    await assertVerified(runId);
  });
});

function refusal(message: RegExp) {
  return (error: unknown) => error instanceof WorkflowUpdateFailedError && message.test(String(error.cause));
}
