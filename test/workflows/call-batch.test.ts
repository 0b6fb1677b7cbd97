import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { CallPlanner } from '../../activities/plan-calls.js';
import type { CallRow } from '../../activities/rows.js';
import { Runs } from '../../activities/run-data.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import { planOf } from '../../client/run-plan.js';
import { settleTeachers } from '../../client/settle-teachers.js';
import { readJsonlAt, writeJson, writeJsonl } from '../../store/artifacts.js';
import type { callBatch } from '../../workflows/call-batch.js';
import type { BatchState } from '../../workflows/inputs.js';
import { settingsSignal } from '../../workflows/messages.js';
import { RunState } from '../../workflows/run-state.js';
import { storedRecipe } from '../activities/stored-run.js';
import { BatchServer } from '../batch-server.js';
import { RunHarness, until } from '../run-harness.js';
import { testSeeds } from '../test-seeds.js';

const phase = 'tasks';

describe('callBatch', () => {
  let harness: RunHarness;
  let batches: BatchServer;
  let isHeld = true;

  before(async function () {
    this.timeout(0);
    batches = new BatchServer({ steps: 1, pace: () => (isHeld ? 'hand' : 'look') });
    harness = await RunHarness.start({ teacher: { also: batches.answer } });
  });
  after(() => harness.stop());
  beforeEach(() => {
    isHeld = true;
  });

  /** Some planned calls of a run that has no other workflow than this one. */
  async function planned(callsPerRound: number): Promise<BatchState> {
    const runId = `batch-${randomUUID()}`;
    const run = { runId, storeUrl: harness.store.url, storeId: harness.opened.storeId };
    const teacher = { baseUrl: harness.teacher.baseUrl, mode: 'batch', batchPollSeconds: 0.1, reuse: 'run' };
    const generation = { prompts: 'one-call', callsPerRound };
    const recipe = await settleTeachers(storedRecipe({ teacher, generation }), '');
    await writeJson(harness.store, runFiles(runId).recipe, recipe);
    await writeJsonl(harness.store, roundFiles(runId, 1).seedPool, testSeeds());
    const runs = new Runs({ store: harness.store, storeId: run.storeId });
    const wanted = { remaining: 100, askCalls: 0, accepted: 0 };
    const plan = await new CallPlanner(runs).planCalls({ run, round: 1, phase, wanted });
    const [batch] = plan.batches ?? [];
    const [asked] = planOf(recipe).teachers[phase] ?? [];
    assert.ok(batch && asked);
    const { settings } = new RunState({
      method: 'sedi',
      target: 1,
      budget: { usd: null, calls: null, tokens: null },
      isPriced: true,
      teachers: {},
    });
    const calls = { run, round: 1, phase, batch: 0, from: batch.from, to: batch.to } as const;
    return { schemaVersion: 1, calls, teacher: asked, highest: batch.highest, lease: null, settings };
  }
  const start = (state: BatchState) =>
    harness.client.workflow.start<typeof callBatch>('callBatch', {
      workflowId: state.calls.run.runId,
      taskQueue: 'seedmill',
      args: [state],
    });
  const rowsOf = async ({ calls }: BatchState) =>
    await readJsonlAt<CallRow>(harness.store, roundFiles(calls.run.runId, 1).phase(phase).calls(0), {
      missing: 'empty',
    });

  it('goes on in a fresh history while it waits, and loses nothing by it', async () => {
    const state = { ...(await planned(3)), eventsPerRun: 20 };
    const handle = await start(state);
    const first = (await handle.describe()).runId;
    const { runId } = state.calls.run;
    const now = () => harness.client.workflow.getHandle(runId).describe();
    await until(async () => (await now()).runId !== first);
    isHeld = false;
    const { spent } = await handle.result();
    assert.equal(spent.calls, 3);
    assert.deepEqual(
      (await rowsOf(state)).map(({ outcome }) => outcome),
      ['answered', 'answered', 'answered'],
    );
    assert.equal(batches.done.filter(({ batchId }) => batchId === batches.batches.at(-1)?.id).length, 3);
  });

  it('hears of a cancel in whatever history it is', async () => {
    const state = { ...(await planned(2)), eventsPerRun: 20 };
    const handle = await start(state);
    const first = (await handle.describe()).runId;
    const current = harness.client.workflow.getHandle(state.calls.run.runId);
    await until(async () => (await current.describe()).runId !== first);
    await current.signal(settingsSignal, { ...state.settings, version: 2, cancel: 'finish' });
    const batch = batches.batches.at(-1);
    await until(() => batch?.status === 'cancelling');
    batches.step(batch?.id ?? '');
    await handle.result();
    assert.deepEqual(
      (await rowsOf(state)).map(({ outcome }) => outcome),
      ['cancelled', 'cancelled'],
    );
  });

  it('leaves eleven events for each look at its batch', async () => {
    const state = await planned(1);
    const handle = await start(state);
    const events = async () => (await handle.fetchHistory()).events ?? [];
    const looks = async () =>
      (await events()).filter(
        ({ activityTaskScheduledEventAttributes: scheduled }) =>
          scheduled?.activityType?.name === 'checkBatch',
      ).length;
    await until(async () => (await looks()) >= 4);
    isHeld = false;
    await handle.result();
    const between = (await events()).length / (await looks());
    assert.ok(between < 17, `${between} events a look, start and end included`);
  });
});
