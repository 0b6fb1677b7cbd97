import assert from 'node:assert/strict';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createCpuActivities } from '../../activities/create-activities.js';
import { Runs } from '../../activities/run-data.js';
import { computeIn } from '../../workers/threads/cpu-thread.js';
import { PinnedThread } from '../../workers/threads/pinned-thread.js';
import { RunHarness, until } from '../run-harness.js';
import { type Dataset, readDataset } from './dataset.js';
import { fewRounds, undisturbedDataset } from './undisturbed.js';

describe('a worker of the queue cpu whose thread stands still in the middle of a round', () => {
  let undisturbed: Dataset;
  let harness: RunHarness;
  let thread: PinnedThread;
  let connection: NativeConnection;
  let worker: Worker;
  let running: Promise<void>;
  let standsStill: Promise<unknown>;

  before(async function () {
    this.timeout(0);
    undisturbed = await undisturbedDataset();
    harness = await RunHarness.start();
  });
  after(() => harness.stop());

  beforeEach(async () => {
    await harness.stopWorkers();
    await harness.startWorkers({ without: 'cpu' });
    thread = new PinnedThread(new URL('../threads/troubled-cpu-work.ts', import.meta.url));
    const reached = new Int32Array(new SharedArrayBuffer(4));
    // Six of the twelve seeds are held out: it has taken four candidates in then.
    await thread.run('standStillAt', { size: 10, reached });
    standsStill = until(() => Atomics.load(reached, 0) === 1);
    const { store, storeId } = harness.opened;
    const compute = computeIn(thread, { storeUrl: store.url });
    connection = await NativeConnection.connect(harness.target.connectionOptions);
    worker = await Worker.create({
      connection,
      namespace: harness.target.namespace,
      taskQueue: 'cpu',
      activities: { ...createCpuActivities(new Runs({ store, storeId }), compute) },
      maxConcurrentActivityTaskExecutions: 1,
      shutdownGraceTime: '1 second',
    });
    running = worker.run();
  });
  afterEach(async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await running;
    await thread.close();
    await connection.close();
  });

  it('ends all the same when it is told to, and the next one finishes the run with the same dataset', async () => {
    const runId = await harness.startRun(fewRounds);
    await standsStill;
    worker.shutdown();
    await running;
    await harness.stopWorkers();
    await harness.startWorkers();
    await harness.result(runId);
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
  });

  it('goes on with another run when this one is terminated', async () => {
    const terminated = await harness.startRun(fewRounds);
    await standsStill;
    for (const workflowId of [terminated, `${terminated}.loop`]) await harness.terminate(workflowId);
    const runId = await harness.finishedRun(fewRounds);
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
  });
});
