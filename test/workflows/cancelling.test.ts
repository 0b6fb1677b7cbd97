import assert from 'node:assert/strict';
import type { WorkflowFailedError } from '@temporalio/client';
import { readPhases } from '../../activities/count-round.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import type { Attempt } from '../../store/ledger.js';
import type { generateLoop } from '../../workflows/generate-loop.js';
import { loopId } from '../../workflows/ids.js';
import { holdAfter } from '../hold-after.js';
import { RunHarness, until } from '../run-harness.js';
import { readDataset } from './dataset.js';

/** Lists that a run asks for in a round. */
const callsPerRound = 3;

/** What is done to each run while calls of its second round are in flight; a run's model is named like it. */
const acts = {
  cancel: (harness: RunHarness, runId: string) => harness.cancel(runId),
  'cancel in an outage': (harness: RunHarness, runId: string) => harness.cancel(runId),
  'cancel at once': (harness: RunHarness, runId: string) => harness.cancel(runId, { now: true }),
  "Temporal's own cancel": (harness: RunHarness, runId: string) => harness.handle(runId).cancel(),
  terminate: (harness: RunHarness, runId: string) => harness.terminate(runId),
};
type Act = keyof typeof acts;
const answersStop: Act[] = ['cancel at once', "Temporal's own cancel"];

describe('cancelling a run', () => {
  let harness: RunHarness;
  const runIds = new Map<Act, string>();
  let isOut = false;

  before(async function () {
    this.timeout(0);
    const fault = ({ model }: { model: string }) =>
      isOut && model === 'cancel in an outage' ? { status: 503 } : undefined;
    harness = await RunHarness.start({ teacher: { fault, latencyMs: 30 } });
    await Promise.all((Object.keys(acts) as Act[]).map(play));
  });
  after(() => harness.stop());

  async function play(act: Act): Promise<void> {
    const teacher = {
      model: act,
      concurrency: 2,
      ...(act === 'cancel in an outage' && { timeoutMs: 2_000 }),
    };
    const held = holdAfter(harness.teacher, { model: act, lists: callsPerRound + 1, answers: 1 });
    const runId = await harness.startRun({ target: 500, generation: { callsPerRound }, teacher });
    runIds.set(act, runId);
    await held.reached;
    if (act === 'cancel in an outage') {
      isOut = true;
      held.release();
      await until(() => harness.requestsFor(act).some(({ status }) => status === 503));
    }
    await acts[act](harness, runId);
    // What is to be aborted is never answered.
    if (answersStop.includes(act)) return void (await harness.result(runId));
    if (act === 'cancel') await harness.untilSettled(runId);
    held.release();
    if (act !== 'terminate') await harness.result(runId);
  }

  const runOf = (act: Act) => runIds.get(act) as string;

  for (const [act, by] of [
    ['cancel', 'ann'],
    ['cancel in an outage', 'ann'],
    ['cancel at once', 'ann'],
    ["Temporal's own cancel", 'Temporal'],
  ] as const) {
    describe(act, () => {
      it('ends the run as cancelled, and says by whom', async () => {
        const { state, stopReason } = await harness.result(runOf(act));
        assert.deepEqual([state, stopReason], ['cancelled', `cancelled by ${by}`]);
      });

      it('leaves a dataset of what was accepted', async () => {
        const { accepted, state } = await readStatus(harness.store, runOf(act));
        assert.equal(state, 'cancelled');
        assert.ok(accepted > 0);
        assert.equal((await readDataset(harness, runOf(act))).train.length, accepted);
      });

      it('counts the calls that were not made, and everything adds up', async () => {
        const { ok, problems, calls } = await verifyRun(harness.store, runOf(act));
        assert.deepEqual([ok, problems], [true, []]);
        assert.ok((calls.failed.cancelled ?? 0) > 0);
      });
    });
  }

  it('lets calls in flight finish when it is not told to abort them: nothing was paid for in vain', async () => {
    const attempts = await attemptsOf(runOf('cancel'));
    assert.deepEqual([...new Set(attempts.map(({ outcome }) => outcome?.kind))], ['answered']);
    assert.equal(attempts.length, harness.requestsFor('cancel').length);
  });

  for (const act of answersStop) {
    it(`writes what it aborted into the ledger, with an unknown bill (${act})`, async () => {
      const attempts = await attemptsOf(runOf(act));
      const aborted = attempts.filter(({ outcome }) => outcome?.kind === 'aborted');
      assert.ok(aborted.length > 0);
      assert.deepEqual([...new Set(aborted.map(({ outcome }) => outcome?.bill))], ['unknown']);
      const { unknownUsd, calls } = await readStatus(harness.store, runOf(act));
      assert.equal(calls.unknownAttempts, aborted.length);
      assert.ok((unknownUsd ?? 0) > 0);
    });
  }

  it('ends the loop of a run that was terminated, without another round', async () => {
    const runId = runOf('terminate');
    const loop = harness.client.workflow.getHandle<typeof generateLoop>(loopId(runId));
    await assert.rejects(loop.result(), (error: WorkflowFailedError) => /run is gone/.test(`${error.cause}`));
    assert.deepEqual(await harness.store.list(`${runId}/rounds/003/instructions`), []);
  });

  async function attemptsOf(runId: string): Promise<Attempt[]> {
    const phases = await Promise.all([1, 2].map((round) => readPhases(harness.store, { runId, round })));
    return phases.flat().flatMap(({ attempts }) => attempts);
  }
});
