import assert from 'node:assert/strict';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { costUsd, sumUsd } from '../../store/pricing.js';
import { batchId } from '../../workflows/ids.js';
import { setBudgetUpdate } from '../../workflows/messages.js';
import { BatchServer } from '../batch-server.js';
import { errorBody } from '../openai-wire.js';
import { price, type RecipeChanges, RunHarness, until } from '../run-harness.js';

/** Runs at the same time, each of which asks a model that is named like its trouble. */
const models = [
  'expiring',
  'refusing',
  'full',
  'failing',
  'keyless',
  'cancelled',
  'cut-off',
  'held',
  'poor',
  'gone',
];

describe('a provider of batches in trouble', () => {
  let harness: RunHarness;
  let batches: BatchServer;
  const runIds = new Map<string, string>();
  /** Models whose trouble is over. */
  const mended = new Set<string>();
  /** Models whose batches do not move. */
  const held = new Set(['cancelled', 'cut-off', 'held', 'gone']);
  /** Models of whose batches the provider says nothing. */
  const silent = new Set<string | null>();

  before(async function () {
    this.timeout(0);
    const isIll = (model: string | null, trouble: string) => model === trouble && !mended.has(trouble);
    batches = new BatchServer({
      steps: 2,
      pace: ({ model }) => (held.has(model) ? 'hand' : 'look'),
      expireAfter: ({ model }) => (isIll(model, 'expiring') ? 1 : undefined),
      refuse: ({ model }) =>
        isIll(model, 'refusing')
          ? { code: 'model_not_found', message: 'The provided model is not supported by the Batch API.' }
          : undefined,
      lineFault: ({ model }) => (isIll(model, 'failing') ? { status: 500 } : undefined),
      callFault: ({ model, route }) => {
        const isCreation = route === 'batches.create';
        if (isIll(model, 'keyless') && isCreation) return { when: 'before', how: wrongKey };
        return silent.has(model) ? { when: 'before', how: { status: 503 } } : undefined;
      },
      // Room for two of the three first prompts, which are some hundred tokens each.
      limits: { enqueuedTokens: (model) => (model === 'full' ? roomForTwo : Number.POSITIVE_INFINITY) },
    });
    harness = await RunHarness.start({ teacher: { also: batches.answer } });
    for (const model of models) runIds.set(model, await harness.startRun(recipeFor(model)));
    await until(() => batchesOf('gone').length === 1);
    silent.add('gone');
    await harness.cancel(runOf('gone'), { now: true });
  });
  after(() => harness.stop());

  const runOf = (model: string) => runIds.get(model) as string;
  const batchesOf = (model: string) => batches.batches.filter((batch) => isOf(batch, model));
  const isOf = ({ metadata }: { metadata: Record<string, string> | null }, model: string) =>
    metadata?.seedmill_batch?.startsWith(`${runOf(model)}/`) === true;
  const billOf = (model: string) =>
    sumUsd(
      batches.done.flatMap(({ request, billed }) =>
        billed && request.model === model
          ? [costUsd({ cachedPromptTokens: 0, ...billed }, halfPrice) as number]
          : [],
      ),
    );
  const assertAllIsWell = async (model: string, state: string) => {
    const { state: ended, costUsd, unknownUsd } = await readStatus(harness.store, runOf(model));
    assert.deepEqual([ended, costUsd, unknownUsd], [state, billOf(model), 0]);
    assert.deepEqual((await verifyRun(harness.store, runOf(model))).problems, []);
    const bought = batches.done.filter(({ request, billed }) => billed && request.model === model);
    assert.equal(new Set(bought.map(({ customId }) => customId)).size, bought.length);
  };
  const pauseOf = async (model: string) => (await harness.untilPaused(runOf(model))).settings.paused;

  it('sends nothing new while it is paused, and takes in what the provider goes on with', async () => {
    const runId = runOf('held');
    await until(() => batchesOf('held').length === 1);
    await harness.pause(runId);
    held.delete('held');
    // By hand: the looks at it are ever further apart.
    for (let step = 0; step < 4; step += 1) batches.step(batchesOf('held')[0]?.id ?? '');
    await until(async () => (await readStatus(harness.store, runId)).calls.answered > 0);
    assert.equal(batchesOf('held').length, 1);
    await harness.resume(runId);
    await harness.result(runId);
    await assertAllIsWell('held', 'finished');
  });

  it('keeps what a batch finished before its time was up, and sends the rest again', async () => {
    await until(() => batchesOf('expiring').length > 1);
    mended.add('expiring');
    await harness.result(runOf('expiring'));
    await assertAllIsWell('expiring', 'finished');
    assert.equal(batchesOf('expiring')[0]?.status, 'expired');
  });

  it('pauses the run with the provider’s words when it refuses a file, and goes on when told to', async () => {
    const paused = await pauseOf('refusing');
    assert.equal(paused?.by, 'provider');
    assert.match(paused?.reason ?? '', /not supported by the Batch API/);
    mended.add('refusing');
    await harness.resume(runOf('refusing'));
    await harness.result(runOf('refusing'));
    await assertAllIsWell('refusing', 'finished');
  });

  it('pauses the run when a second batch in a row brings nothing', async () => {
    const paused = await pauseOf('failing');
    assert.match(paused?.reason ?? '', /HTTP 500/);
    assert.equal(batchesOf('failing').length, 2);
    mended.add('failing');
    await harness.resume(runOf('failing'));
    await harness.result(runOf('failing'));
    await assertAllIsWell('failing', 'finished');
  });

  it('pauses the run on a refused key, and pays nothing for it', async () => {
    const paused = await pauseOf('keyless');
    assert.match(paused?.reason ?? '', /Incorrect API key provided/);
    mended.add('keyless');
    await harness.resume(runOf('keyless'));
    await harness.result(runOf('keyless'));
    await assertAllIsWell('keyless', 'finished');
  });

  it('sends less at once while the provider’s queue has no room', async () => {
    await harness.result(runOf('full'));
    await assertAllIsWell('full', 'finished');
    assert.ok(batchesOf('full').some(({ status }) => status === 'failed'));
  });

  for (const [model, now] of [
    ['cancelled', false],
    ['cut-off', true],
  ] as const) {
    it(`calls the batch off at a cancel${now ? ' at once' : ''}, and keeps its finished part`, async () => {
      await until(() => batchesOf(model).length === 1);
      const [batch] = batchesOf(model);
      assert.ok(batch);
      for (let step = 0; step < 2; step += 1) batches.step(batch.id);
      await harness.cancel(runOf(model), { now });
      await until(() => batch.status === 'cancelling');
      batches.step(batch.id);
      await harness.result(runOf(model));
      assert.equal(batch.status, 'cancelled');
      await assertAllIsWell(model, 'cancelled');
      const { calls } = await readStatus(harness.store, runOf(model));
      assert.deepEqual([calls.answered, calls.failed.cancelled], [2, 1]);
    });
  }

  it('never sends more than the budget allows, and goes on when it is raised', async () => {
    const runId = runOf('poor');
    const { settings } = await harness.untilPaused(runId);
    assert.equal(settings.paused?.by, 'budget');
    assert.equal(batches.done.filter(({ request }) => request.model === 'poor').length, 4);
    await harness
      .handle(runId)
      .executeUpdate(setBudgetUpdate, { args: [{ by: 'ann', budget: { calls: 500 } }] });
    await harness.result(runId);
    await assertAllIsWell('poor', 'finished');
  });

  it('ends at a cancel at once though the provider is gone, with the batch as an unknown bill', async () => {
    await harness.result(runOf('gone'));
    const { state, calls, unknownUsd } = await readStatus(harness.store, runOf('gone'));
    assert.deepEqual([state, calls.unknownAttempts, calls.failed], ['cancelled', 3, { cancelled: 3 }]);
    assert.ok((unknownUsd ?? 0) > 0);
    assert.deepEqual((await verifyRun(harness.store, runOf('gone'))).problems, []);
  });

  it('is one workflow per planned batch, named after its place', async () => {
    const workflowId = batchId({ runId: runOf('held'), round: 1, phase: 'instructions', batch: 0 });
    const { status, type } = await harness.client.workflow.getHandle(workflowId).describe();
    assert.deepEqual([type, status.name], ['callBatch', 'COMPLETED']);
  });
});

const halfPrice = {
  inputUsdPerMTok: price.inputUsdPerMTok / 2,
  outputUsdPerMTok: price.outputUsdPerMTok / 2,
};
const roomForTwo = 900;
const wrongKey = { status: 401, body: errorBody('Incorrect API key provided', 'invalid_api_key') };

/** Self-Instruct without a student: an answer for each of some instructions, a round or two. */
function recipeFor(model: string): RecipeChanges {
  return {
    method: 'self-instruct',
    target: 8,
    teacher: { mode: 'batch', batchPollSeconds: 0.1, model, freshSamples: 0 },
    generation: { callsPerRound: 3 },
    ...(model === 'poor' && { budget: { calls: 4 } }),
  };
}
