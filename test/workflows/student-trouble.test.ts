import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { verifyRun } from '../../client/verify.js';
import { RunHarness } from '../run-harness.js';
import { type Dataset, readDataset } from './dataset.js';
import { fewRounds, undisturbedDataset } from './undisturbed.js';

describe('a student in trouble', () => {
  let harness: RunHarness;
  let undisturbed: Dataset;
  let runId: string;
  /** Rounds that were asked of the student, in order. */
  const asked: number[] = [];
  let isMended = false;

  before(async function () {
    this.timeout(0);
    undisturbed = await undisturbedDataset();
    harness = await RunHarness.start({
      student: async (input, scripted) => {
        asked.push(input.round);
        if (input.round < 2 || isMended) return await scripted(input);
        const message = 'the loss of batch r002-b000 is not finite at learning rate 0.0002';
        throw ApplicationFailure.nonRetryable(message, 'NonFiniteLoss', {
          round: 2,
          batch: 'r002-b000',
          learningRate: 2e-4,
        });
      },
    });
    runId = await harness.startRun(fewRounds);
  });
  after(() => harness.stop());

  it("pauses the run with the student's message", async () => {
    const { settings } = await harness.untilPaused(runId);
    assert.equal(settings.paused?.by, 'student');
    assert.match(settings.paused?.reason ?? '', /batch r002-b000 is not finite at learning rate/);
  });

  it('tries the same round again when somebody resumes, and pauses again while the cause is there', async () => {
    const { settings } = await harness.status(runId);
    await harness.resume(runId);
    const again = await harness.untilPaused(runId);
    assert.equal(again.settings.version, settings.version + 2);
    assert.deepEqual(asked, [1, 2, 2]);
  });

  it('finishes with the same dataset once the cause is mended', async () => {
    isMended = true;
    await harness.resume(runId);
    assert.equal((await harness.result(runId)).state, 'finished');
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
    assert.equal((await verifyRun(harness.store, runId)).ok, true);
  });
});
