import assert from 'node:assert/strict';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { costUsd, sumUsd } from '../../store/pricing.js';
import { loopId } from '../../workflows/ids.js';
import { BatchServer, type BatchServerOptions } from '../batch-server.js';
import { price, type RecipeChanges, RunHarness, until } from '../run-harness.js';
import { scriptedTeacher } from '../scripted-teacher.js';
import { type Dataset, readDataset } from './dataset.js';
import { fewRounds, undisturbedDataset } from './undisturbed.js';

const batchTeacher = { mode: 'batch', batchPollSeconds: 0.1 };
const halfPrice = {
  inputUsdPerMTok: price.inputUsdPerMTok / 2,
  outputUsdPerMTok: price.outputUsdPerMTok / 2,
};

function byBatch(changes: RecipeChanges = {}): RecipeChanges {
  return {
    ...fewRounds,
    ...changes,
    teacher: { ...batchTeacher, ...(changes.teacher as object | undefined) },
  };
}

/** What the provider bills for its batches, in dollars. */
function billOf({ done }: BatchServer): number {
  return sumUsd(
    done.flatMap(({ billed }) =>
      billed ? [costUsd({ cachedPromptTokens: 0, ...billed }, halfPrice) as number] : [],
    ),
  );
}

describe('a run through the Batch API', () => {
  let undisturbed: Dataset;
  let harness: RunHarness;
  let batches: BatchServer;

  async function start(options: BatchServerOptions = {}): Promise<void> {
    batches = new BatchServer({ pace: () => 'first-look', ...options });
    harness = await RunHarness.start({ teacher: { also: batches.answer } });
  }
  async function assertAllIsWell(runId: string): Promise<void> {
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    const { costUsd, unknownUsd } = await readStatus(harness.store, runId);
    assert.deepEqual([costUsd, unknownUsd], [billOf(batches), 0]);
  }

  before(async function () {
    this.timeout(0);
    undisturbed = await undisturbedDataset();
  });
  afterEach(async () => {
    await harness.stop();
  });

  it('ends with the same bytes as one that asks call by call, for half the price', async () => {
    await start();
    const runId = await harness.finishedRun(byBatch());
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
    assert.equal(harness.teacher.requests.length, 0);
    await assertAllIsWell(runId);
  });

  it('buys nothing that the store has', async () => {
    await start();
    await harness.finishedRun(byBatch());
    const before = batches.batches.length;
    const runId = await harness.finishedRun(byBatch());
    assert.equal(batches.batches.length, before);
    const { calls, costUsd } = await readStatus(harness.store, runId);
    assert.deepEqual([calls.sent, calls.fromStore, costUsd], [0, calls.planned, 0]);
  });

  it('finds its batch again when the server has lost its history', async () => {
    let isHeld = true;
    await start({ pace: () => (isHeld ? 'hand' : 'first-look') });
    const runId = await harness.startRun(byBatch());
    await until(() => batches.batches.length === 1);
    await until(async () => (await readStatus(harness.store, runId)).batches.length === 1);
    const { loop } = await harness.status(runId);
    for (const workflowId of [runId, loopId(runId), ...(loop?.shards ?? [])]) {
      await harness.terminate(workflowId);
    }
    isHeld = false;
    await harness.startWorkflow(runId);
    await harness.result(runId);
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed.comparable);
    const files = batches.batches.map(({ metadata }) => metadata?.seedmill_batch);
    assert.equal(new Set(files).size, files.length);
    await assertAllIsWell(runId);
  });

  it('takes answers that were bought call by call, and gives its own to such a run', async () => {
    await start();
    const online = { ...fewRounds, target: 10 };
    await harness.finishedRun(online);
    const bought = harness.teacher.requests.length;
    await harness.finishedRun(byBatch());
    assert.ok(batches.done.length > 0);
    await harness.finishedRun(fewRounds);
    assert.equal(harness.teacher.requests.length, bought);
  });

  it('can be one phase of a run whose other phases ask call by call', async () => {
    batches = new BatchServer({ pace: () => 'first-look' });
    harness = await RunHarness.start({ others: { bulk: { also: batches.answer } } });
    const runId = await harness.finishedRun({
      ...fewRounds,
      teachers: { bulk: batchTeacher },
      generation: { callsPerRound: 3, teachers: { answers: 'bulk' } },
    });
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    const { calls } = await readStatus(harness.store, runId);
    assert.equal(calls.sent, harness.teacher.requests.length + batches.done.length);
    assert.ok(harness.teacher.requests.length > 0 && batches.done.length > 0);
    assert.equal(harness.others.bulk?.requests.length, 0);
  });

  it('shows chats their bad answers and asks for structured ones, as call by call', async () => {
    const asChat = { form: 'chat', model: 'chatty' };
    const changes = {
      method: 'self-instruct',
      target: 12,
      generation: { prompts: 'one-call', answers: 'classify', callsPerRound: 2 },
    };
    const script = scriptedTeacher({ unreadable: 0.3 });
    batches = new BatchServer({ pace: () => 'first-look', script });
    harness = await RunHarness.start({ teacher: { also: batches.answer, script } });
    const online = await harness.finishedRun({ ...changes, teacher: { ...asChat, reuse: 'run' } });
    const byBatches = await harness.finishedRun({
      ...changes,
      teacher: { ...asChat, ...batchTeacher, reuse: 'run' },
    });
    const [one, other] = [await readDataset(harness, online), await readDataset(harness, byBatches)];
    assert.deepEqual(other.comparable, one.comparable);
    assert.equal(batches.done.length, harness.teacher.requests.length);
    await assertAllIsWell(byBatches);
  });
});
