import assert from 'node:assert/strict';
import { verifyRun } from '../../client/verify.js';
import { RunHarness, until } from '../run-harness.js';
import { type Dataset, readDataset } from './dataset.js';
import { fewRounds, undisturbedDataset } from './undisturbed.js';

describe('a run whose worker stops and starts again in the middle of each round', () => {
  let harness: RunHarness;
  let undisturbed: Dataset;
  let runId: string;

  before(async function () {
    this.timeout(0);
    undisturbed = await undisturbedDataset();
    harness = await RunHarness.start({ teacher: { latencyMs: 40 }, shutdownGraceTime: '2 minutes' });
    runId = await harness.startRun({ ...fewRounds, teacher: { concurrency: 2 } });
    for (const round of [1, 2]) {
      await until(async () => (await harness.store.list(`${runId}/rounds/00${round}/answers`)).length > 1);
      await harness.stopWorkers();
      await harness.startWorkers();
    }
    await harness.result(runId);
  });
  after(() => harness.stop());

  it('finishes with the same dataset', async () => {
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
  });

  it('asks for no answer twice: what was in flight was waited for and stored', () => {
    const repeated = harness.teacher.requests.filter(({ repeat }) => repeat > 0);
    assert.deepEqual(repeated, []);
  });

  it('adds up', async () => {
    const { ok, problems } = await verifyRun(harness.store, runId);
    assert.deepEqual([ok, problems], [true, []]);
  });
});
