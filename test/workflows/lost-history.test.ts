import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { loopId } from '../../workflows/ids.js';
import { RunHarness, until } from '../run-harness.js';
import { type Dataset, readDataset } from './dataset.js';
import { fewRounds, undisturbedDataset } from './undisturbed.js';

describe('a run whose server has lost its history', () => {
  let harness: RunHarness;
  let undisturbed: Dataset;
  let runId: string;

  before(async function () {
    this.timeout(0);
    undisturbed = await undisturbedDataset();
    harness = await RunHarness.start({ teacher: { latencyMs: 40 } });
    runId = await harness.startRun({ ...fewRounds, teacher: { concurrency: 2 } });
    await until(async () => (await harness.store.list(`${runId}/rounds/002/answers`)).length > 1);
    await forget(runId);
    // What was in flight is stored, and then nothing happens any more.
    await until(() => harness.teacher.inFlight === 0);
    await sleep(500);
    await harness.startWorkflow(runId);
    await harness.result(runId);
  });
  after(() => harness.stop());

  it('finishes under its own id with the same dataset', async () => {
    const { state } = await readStatus(harness.store, runId);
    assert.equal(state, 'finished');
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
  });

  it('asks for no answer twice', () => {
    const repeated = harness.teacher.requests.filter(({ repeat }) => repeat > 0);
    assert.deepEqual(repeated, []);
  });

  it('adds up', async () => {
    const { ok, problems } = await verifyRun(harness.store, runId);
    assert.deepEqual([ok, problems], [true, []]);
  });

  /** Ends every workflow of the run: nothing goes on from its history, as after the loss of the server's database. */
  async function forget(runId: string): Promise<void> {
    const { loop } = await harness.status(runId);
    for (const workflowId of [runId, loopId(runId), ...(loop?.shards ?? [])]) {
      await harness.terminate(workflowId);
    }
  }
});
