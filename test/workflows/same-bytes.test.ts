import assert from 'node:assert/strict';
import { readStatus } from '../../client/status.js';
import { type RecipeChanges, RunHarness } from '../run-harness.js';
import { type Dataset, readDataset } from './dataset.js';
import { fewRounds, undisturbedDataset } from './undisturbed.js';

describe('the same recipe, seed and answers', () => {
  let first: Dataset;
  let harness: RunHarness;
  let second: Dataset;

  before(async function () {
    this.timeout(0);
    first = await undisturbedDataset();
    // Answers arrive in another order, and fewer of them at once.
    const fault = () => ({ delayMs: Math.random() * 60 });
    harness = await RunHarness.start({ teacher: { fault } });
    second = await readDataset(harness, await harness.finishedRun(withTeacher({ concurrency: 3 })));
  });
  after(() => harness.stop());

  it('give the same training file in another store, whatever the order of the answers', () => {
    assert.equal(second.comparable.train, first.comparable.train);
    assert.ok(second.train.length > 0);
  });

  it('give the same Alpaca file', () => {
    assert.equal(second.comparable.alpaca, first.comparable.alpaca);
  });

  it('give the same lineage but for run and cost', () => {
    assert.equal(second.comparable.lineage, first.comparable.lineage);
  });

  it('give the same surplus but for run and cost', () => {
    assert.equal(second.comparable.surplus, first.comparable.surplus);
  });

  it('cost nothing when the store has the answers', async () => {
    const before = harness.teacher.requests.length;
    const runId = await harness.finishedRun(withTeacher({ concurrency: 3 }));
    assert.equal(harness.teacher.requests.length, before);
    const { calls, costUsd } = await readStatus(harness.store, runId);
    assert.deepEqual([calls.sent, calls.fromStore, costUsd], [0, calls.planned, 0]);
    assert.equal((await readDataset(harness, runId)).comparable.train, first.comparable.train);
  });

  it('are asked for again by a recipe that reuses answers within a run only', async () => {
    const before = harness.teacher.requests.length;
    const runId = await harness.finishedRun(withTeacher({ reuse: 'run' }));
    const { calls } = await readStatus(harness.store, runId);
    assert.equal(harness.teacher.requests.length - before, calls.planned);
    assert.equal(calls.fromStore, 0);
  });
});

describe('another seed', () => {
  let harness: RunHarness;
  let first: Dataset;
  before(async function () {
    this.timeout(0);
    first = await undisturbedDataset();
    harness = await RunHarness.start();
  });
  after(() => harness.stop());

  it('gives another dataset', async () => {
    const other = await readDataset(harness, await harness.finishedRun({ ...fewRounds, seed: 2 }));
    assert.notEqual(other.comparable.train, first.comparable.train);
  });
});

function withTeacher(teacher: object): RecipeChanges {
  return { ...fewRounds, teacher };
}
