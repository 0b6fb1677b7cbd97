import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { readStatus } from '../../client/status.js';
import { RunHarness, until } from '../run-harness.js';
import { type Dataset, readDataset } from './dataset.js';
import { fewRounds, undisturbedDataset } from './undisturbed.js';

describe('pausing a run', () => {
  let harness: RunHarness;
  let undisturbed: Dataset;
  let runId: string;

  before(async function () {
    this.timeout(0);
    undisturbed = await undisturbedDataset();
    harness = await RunHarness.start({ teacher: { latencyMs: 40 } });
    runId = await harness.startRun({ ...fewRounds, teacher: { concurrency: 2 } });
  });
  after(() => harness.stop());

  it('resumes nothing that is not paused', async () => {
    await assert.rejects(harness.resume(runId), refusal(/not paused/));
  });

  it('keeps every further request from being sent', async () => {
    // The second phase of the first round.
    await until(() => harness.teacher.requests.length >= 5);
    await harness.pause(runId, 'a look at the first answers');
    await harness.untilQuiet(runId);
    const before = harness.teacher.requests.length;
    await sleep(500);
    assert.equal(harness.teacher.requests.length, before);
  });

  it('is shown with who asked for it, and why', async () => {
    const { state, settings } = await harness.status(runId);
    assert.equal(state, 'paused');
    assert.deepEqual(settings.paused, { by: 'ann', reason: 'a look at the first answers' });
  });

  it('is refused while the run is paused already, with who paused it and why', async () => {
    await assert.rejects(
      harness.pause(runId),
      refusal(/paused already, by ann: a look at the first answers/),
    );
  });

  it('is known to the store, for readers without a server', async () => {
    await until(async () => (await readStatus(harness.store, runId)).state === 'paused');
    const { paused } = await readStatus(harness.store, runId);
    assert.deepEqual(paused, { by: 'ann', reason: 'a look at the first answers' });
  });

  it('changes nothing in the dataset once the run was resumed and has finished', async () => {
    assert.equal((await harness.resume(runId)).state, 'running');
    assert.equal((await harness.result(runId)).state, 'finished');
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
  });

  it('is refused once the run has ended', async () => {
    await assert.rejects(harness.pause(runId), /not found|completed/i);
  });
});

function refusal(message: RegExp) {
  return (error: unknown) => error instanceof WorkflowUpdateFailedError && message.test(String(error.cause));
}
