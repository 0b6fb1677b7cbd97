import assert from 'node:assert/strict';
import { readChanges } from '../../client/changes.js';
import { runFiles } from '../../activities/run-files.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { holdAfter } from '../hold-after.js';
import { parseSeeds } from '../../methods/seed-format.js';
import { loopId } from '../../workflows/ids.js';
import { setConcurrencyUpdate, setLimitsUpdate } from '../../workflows/messages.js';
import { RunHarness, until } from '../run-harness.js';
import { readDataset } from './dataset.js';

const more = parseSeeds('{"instruction": "Tell me where the lynx sleeps.", "output": "In its den."}').seeds;

describe('a target that changes while its run is live', () => {
  let harness: RunHarness;
  /** What happens once in the middle of the next training. */
  let whileTraining: (() => Promise<unknown>) | null = null;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({
      teacher: { latencyMs: 5 },
      student: async (input, scripted) => {
        const happens = whileTraining;
        whileTraining = null;
        await happens?.();
        return await scripted(input);
      },
    });
  });
  after(() => harness.stop());

  /** A run whose target is changed in its first round. */
  async function changedRun(model: string, { from, to }: { from: number; to: number }): Promise<string> {
    const held = holdAfter(harness.teacher, { model, lists: 1 });
    const runId = await harness.startRun({ target: from, teacher: { model } });
    await held.reached;
    await harness.setTarget(runId, to);
    held.release();
    await harness.result(runId);
    return runId;
  }

  it('is what the run goes on to when it is raised', async () => {
    const runId = await changedRun('raised', { from: 10, to: 60 });
    const status = await readStatus(harness.store, runId);
    assert.deepEqual([status.target, status.stopReason], [60, 'target reached']);
    assert.equal((await readDataset(harness, runId)).train.length, 60);
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    const [change] = await readChanges(harness.store, runId);
    assert.deepEqual([change?.by, change?.what], ['ann', 'target 10 → 60']);
  });

  it('ends the run after the round when it is lowered, with the rest as surplus', async () => {
    const runId = await changedRun('lowered', { from: 500, to: 3 });
    const status = await readStatus(harness.store, runId);
    assert.deepEqual([status.target, status.round, status.stopReason], [3, 1, 'target reached']);
    const { dataset, problems } = await verifyRun(harness.store, runId);
    assert.deepEqual([problems, dataset?.examples], [[], 3]);
    assert.equal(dataset?.surplus, status.accepted - 3);
  });

  it('may go down and up again: what was held back in between is trained on', async () => {
    const model = 'up again';
    const held = holdAfter(harness.teacher, { model, lists: 1 });
    const runId = await harness.startRun({ target: 500, teacher: { model } });
    await held.reached;
    await harness.setTarget(runId, 6);
    whileTraining = () => harness.setTarget(runId, 40);
    held.release();
    await harness.result(runId);
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    const { lineage } = await readDataset(harness, runId);
    assert.equal(lineage.length, 40);
    const heldBack = lineage.filter(({ round }) => round === 1).slice(6);
    assert.ok(heldBack.some(({ place }) => place.status === 'batched' && place.round === 2));
  });

  it('stands in a run that begins again from its store, as does whatever else people have set', async () => {
    const model = 'again';
    const held = holdAfter(harness.teacher, { model, lists: 1 });
    const runId = await harness.startRun({ target: 500, teacher: { model } });
    await held.reached;
    await harness.setThresholds(runId, { 'filter.poolThreshold': 0.9 });
    await harness.addSeeds(runId, more);
    await harness.setTarget(runId, 30);
    const handle = harness.handle(runId);
    const by = { by: 'ann', teacher: 'default' };
    await handle.executeUpdate(setConcurrencyUpdate, { args: [{ ...by, concurrency: 3 }] });
    await handle.executeUpdate(setLimitsUpdate, { args: [{ ...by, requestsPerMinute: 60_000 }] });
    await until(async () => (await readChanges(harness.store, runId)).length === 5);
    const { loop } = await harness.status(runId);
    for (const id of [runId, loopId(runId), ...(loop?.shards ?? [])]) await harness.terminate(id);
    held.release();
    await harness.startWorkflow(runId);
    const { settings } = await harness.result(runId);
    assert.deepEqual(
      [settings.target, settings.thresholds, settings.addedSeeds?.length],
      [30, { 'filter.poolThreshold': 0.9 }, 1],
    );
    assert.deepEqual(settings.concurrency, { default: 3 });
    assert.deepEqual(settings.limits, { default: { requestsPerMinute: 60_000, tokensPerMinute: null } });
    assert.equal((await readDataset(harness, runId)).train.length, 30);
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    assert.equal((await readChanges(harness.store, runId)).length, 5);
  });

  // Around what the first round brings: the plan of the second one would be longer or shorter by the target that is set in it.
  for (const { how, from, to, worker } of [
    { how: 'raised', from: 2, to: 40, worker: 'the same worker' },
    { how: 'raised', from: 2, to: 40, worker: 'a fresh worker' },
    { how: 'lowered', from: 300, to: 2, worker: 'the same worker' },
    // It was reached before the second round, by which time it was another.
    { how: 'lowered', from: 300, to: -2, worker: 'a fresh worker' },
  ]) {
    it(`makes no call anew when it was ${how} by ${to - from} and the run begins again, with ${worker}`, async () => {
      const model = `${how} by ${to - from}, ${worker}`;
      const generation = { callsPerRound: 4 };
      const held = holdAfter(harness.teacher, { model, lists: 5 });
      const runId = await harness.startRun({ target: 500, teacher: { model, concurrency: 1 }, generation });
      let firstRound = 0;
      whileTraining = async () => {
        firstRound = (await harness.status(runId)).loop?.totals.candidates.accepted ?? 0;
        await harness.setTarget(runId, firstRound + from);
      };
      await held.reached;
      await harness.setTarget(runId, firstRound + to);
      held.release();
      const first = await harness.result(runId);
      assert.ok((first.loop?.round ?? 0) >= 2);
      const files = await filesOf(runId);
      const asked = harness.requestsFor(model).length;
      // As after a run that failed at its very end.
      await harness.store.remove(runFiles(runId).result);
      if (worker === 'a fresh worker') {
        await harness.stopWorkers();
        await harness.startWorkers();
      }
      await harness.startWorkflow(runId);
      const again = await harness.result(runId);
      assert.equal(harness.requestsFor(model).length, asked);
      assert.deepEqual(await filesOf(runId), files);
      assert.deepEqual([again.stopReason, again.loop?.totals], [first.stopReason, first.loop?.totals]);
      assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    });
  }

  /** What the rounds of a run and its dataset came to, by name. */
  async function filesOf(runId: string): Promise<Record<string, string | undefined>> {
    const names = (await harness.store.list(runId)).filter(
      (name) => /\/(rounds|dataset)\//.test(name) && !/\.(ledger|counts)[./]|\/README\.md$/.test(name),
    );
    const read = async (name: string) => [name, (await harness.store.read(name))?.toString('utf8')] as const;
    return Object.fromEntries(await Promise.all(names.map(read)));
  }

  it('cannot be less than one example', async () => {
    const runId = await harness.startRun({ teacher: { model: 'checked' } });
    await harness.pause(runId);
    await assert.rejects(harness.setTarget(runId, 0), (error: Error) => {
      assert.match(String(error.cause), /target must be a whole number from 1/);
      return true;
    });
    assert.equal((await harness.status(runId)).settings.target, undefined);
  });
});
