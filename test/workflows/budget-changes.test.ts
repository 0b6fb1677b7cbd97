import assert from 'node:assert/strict';
import type { Budget } from '../../activities/types.js';
import { RoundPrompts } from '../../activities/round-prompts.js';
import { Runs } from '../../activities/run-data.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { loopId } from '../../workflows/ids.js';
import { errorBody, type Hold } from '../openai-server.js';
import { type RecipeChanges, RunHarness, until } from '../run-harness.js';

/** More than any of these runs needs. */
const plenty = 5_000;
const small = { target: 40, signal: 'none' };

describe('a budget that changes while its run is live', () => {
  let harness: RunHarness;
  let isMended = false;
  const secondShard = new Set<string>();

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({
      teacher: {
        latencyMs: 20,
        fault: ({ model, prompt }) => {
          if (model === 'refused' && !isMended)
            return { status: 401, body: errorBody('Incorrect API key provided', 'invalid_api_key') };
          return model === 'two shards' && secondShard.has(prompt) ? { delayMs: 1_500 } : undefined;
        },
      },
    });
  });
  after(() => harness.stop());

  const start = (model: string, changes: RecipeChanges = {}) =>
    harness.startRun({ ...small, ...changes, teacher: { model, concurrency: 3, freshSamples: 0 } });
  const asked = (model: string) => harness.requestsFor(model).length;
  const pausedBy = async (runId: string) => (await harness.untilPaused(runId)).settings.paused?.by;

  /** Sets a budget that holds in the whole run before more than so many of its requests are answered. */
  async function setBudgetAfter(runId: string, at: { held: Hold; calls: number }): Promise<void> {
    await at.held.reached;
    await harness.setBudget(runId, { calls: at.calls });
    await harness.untilSettled(runId);
    at.held.release();
  }
  const holdAfter = (requests: number, of: string) =>
    harness.teacher.hold(({ model }) => model === of && asked(of) > requests);

  it('holds a run that had none, but for what is in flight', async () => {
    const held = holdAfter(4, 'late');
    const runId = await start('late');
    await setBudgetAfter(runId, { held, calls: 20 });
    assert.equal(await pausedBy(runId), 'budget');
    assert.equal(asked('late'), 20);
    await harness.setBudget(runId, { calls: null });
    await harness.result(runId);
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
  });

  it('holds a run earlier when it is lowered: what was set aside is taken back', async () => {
    const held = holdAfter(4, 'lowered');
    const runId = await start('lowered', { budget: { calls: plenty } });
    await setBudgetAfter(runId, { held, calls: 16 });
    assert.equal(await pausedBy(runId), 'budget');
    assert.equal(asked('lowered'), 16);
    await harness.cancel(runId);
    await harness.result(runId);
  });

  it('still holds a run that begins again from its store', async () => {
    const held = holdAfter(2, 'lost');
    const runId = await start('lost', { budget: { calls: plenty } });
    await setBudgetAfter(runId, { held, calls: 12 });
    assert.equal(await pausedBy(runId), 'budget');
    const { loop } = await harness.status(runId);
    await until(async () => (await readStatus(harness.store, runId)).state === 'paused');
    for (const id of [runId, loopId(runId), ...(loop?.shards ?? [])]) await harness.terminate(id);
    await harness.startWorkflow(runId);
    assert.equal(await pausedBy(runId), 'budget');
    assert.equal(asked('lost'), 12);
    await harness.setBudget(runId, { calls: null });
    await harness.result(runId);
    assert.equal(new Set(harness.requestsFor('lost').map(({ hash }) => hash)).size, asked('lost'));
  });

  it('ends a pause that it made, and no other', async () => {
    const runId = await start('paused', { budget: { calls: plenty } });
    await until(() => asked('paused') > 2);
    await harness.pause(runId);
    await harness.setBudget(runId, { calls: 2 * plenty });
    assert.equal((await harness.status(runId)).settings.paused?.by, 'ann');
    await harness.cancel(runId);
  });

  it('lets a run that is cancelled in its pause end with what it has', async () => {
    const runId = await start('cancelled', { budget: { calls: 9 } });
    assert.equal(await pausedBy(runId), 'budget');
    await harness.cancel(runId);
    const { state } = await harness.result(runId);
    assert.equal(state, 'cancelled');
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    assert.equal(asked('cancelled'), 9);
  });

  it('counts nothing for calls that a provider refuses to serve, which are made again after resume', async () => {
    const runId = await start('refused', { budget: { calls: 12 } });
    assert.equal(await pausedBy(runId), 'provider');
    const refused = asked('refused');
    isMended = true;
    await harness.resume(runId);
    assert.equal(await pausedBy(runId), 'budget');
    assert.equal(asked('refused') - refused, 12);
    await harness.setBudget(runId, { calls: null });
    await harness.result(runId);
    const { calls } = await readStatus(harness.store, runId);
    assert.deepEqual(calls.failed, {});
  });

  it('cannot be one that is no limit', async () => {
    const runId = await start('checked', { budget: { calls: 9 } });
    await harness.untilPaused(runId);
    const refusals: [Partial<Budget>, RegExp][] = [
      [{ calls: 0 }, /a budget of 0 calls is no limit; take it away with "none"/],
      [{ usd: -1 }, /a budget of -1 usd is no limit/],
      [{ tokens: 1.5 }, /a budget of 1.5 tokens is no limit/],
      [{}, /name a limit to set/],
    ];
    for (const [budget, message] of refusals) {
      await assert.rejects(harness.setBudget(runId, budget), (error: Error) => {
        assert.match(String(error.cause), message);
        return true;
      });
    }
    assert.deepEqual((await harness.status(runId)).settings.budget, { usd: null, calls: 9, tokens: null });
  });

  it('is shared by two shards at work at once, neither of which waits for ever', async () => {
    const twoShards = (model: string, calls: number) =>
      harness.startRun({
        target: 100_000,
        signal: 'none',
        stop: { maxRounds: 1, maxCallsPerAccepted: 100_000 },
        budget: { calls },
        teacher: { model, freshSamples: 0, concurrency: 40 },
        generation: { prompts: 'one-call', answers: 'classify', callsPerRound: 520 },
      });
    const planned = await twoShards('planned', 1);
    await harness.untilPaused(planned);
    await rememberPromptsFrom(500, planned);
    await harness.cancel(planned);
    // A lease of two windows for the first shard, and all that the second one needs: then nothing is left, and the first
    // waits while the second is still at work.
    const runId = await twoShards('two shards', 60);
    for (const calls of [60, 515]) {
      if (calls > 60) await harness.setBudget(runId, { calls });
      assert.equal(await pausedBy(runId), 'budget');
      assert.equal(asked('two shards'), calls);
    }
    await harness.setBudget(runId, { calls: null });
    await harness.result(runId);
    assert.equal(asked('two shards'), 520);
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
  });

  async function rememberPromptsFrom(callIndex: number, runId: string): Promise<void> {
    const { store, opened } = harness;
    const prompts = new RoundPrompts(new Runs(opened));
    const { storeId } = opened;
    const at = { run: { runId, storeUrl: store.url, storeId }, round: 1, phase: 'tasks' } as const;
    for (let index = callIndex; index < 520; index += 1) {
      const { prompt } = await prompts.call({ ...at, callIndex: index });
      if (prompt.body.form === 'completion') secondShard.add(prompt.body.prompt);
    }
  }
});
