import assert from 'node:assert/strict';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { loopId } from '../../workflows/ids.js';
import { holdAfter } from '../hold-after.js';
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
    const held = holdAfter(harness.teacher, { lists: 4, answers: 2 });
    runId = await harness.startRun({ ...fewRounds, teacher: { concurrency: 2 } });
    await held.reached;
    await forget(runId);
    held.release();
    // What was in flight is stored, and then nothing happens any more.
    const { requests } = harness.teacher;
    await until(async () => (await harness.store.list('calls')).length === requests.length);
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
