import assert from 'node:assert/strict';
import { runFiles } from '../../activities/run-files.js';
import { readChanges } from '../../client/changes.js';
import { loopId } from '../../workflows/ids.js';
import { holdAfter } from '../hold-after.js';
import { RunHarness, until } from '../run-harness.js';

/** So few that the run wants a fresh history after some changes. */
const eventsPerRun = 60;

describe('a run whose store takes no changes', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
  });
  after(() => harness.stop());

  it('is cancelled all the same, also where its history is so long that it wants a fresh one', async () => {
    const held = holdAfter(harness.teacher, { lists: 1 });
    const runId = await harness.startRun({ target: 500 }, { eventsPerRun });
    await held.reached;
    // In place of the folder that they are to be written into.
    const { changes } = runFiles(runId);
    await harness.store.write(changes, 'no folder');
    const { runId: execution } = await harness.handle(runId).describe();
    while ((await harness.handle(runId).describe()).historyLength <= 2 * eventsPerRun) {
      await harness.pause(runId);
      await harness.resume(runId);
    }
    await harness.cancel(runId, { now: true });
    const loop = harness.client.workflow.getHandle(loopId(runId));
    await until(async () => (await loop.describe()).status.name === 'COMPLETED');
    held.release();
    assert.equal((await harness.handle(runId).describe()).runId, execution);
    await harness.store.remove(changes);
    assert.equal((await harness.result(runId)).state, 'cancelled');
    assert.equal(
      (await readChanges(harness.store, runId)).at(-1)?.what,
      'cancelled, with calls in flight aborted',
    );
  }).timeout(60_000);
});
