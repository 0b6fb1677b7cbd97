import assert from 'node:assert/strict';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { RunHarness } from '../run-harness.js';

describe('a run whose budget ends', () => {
  let harness: RunHarness;
  let runId: string;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
    runId = await harness.startRun({ target: 40, budget: { calls: 30 }, teacher: { freshSamples: 0 } });
  });
  after(() => harness.stop());

  it('pauses and says so, with nothing spent beyond it', async () => {
    const { settings } = await harness.untilPaused(runId);
    assert.equal(settings.paused?.by, 'budget');
    assert.match(settings.paused?.reason ?? '', /30 calls of 30 calls are spent/);
    assert.equal(harness.teacher.requests.length, 30);
  });

  it('pauses again when it is resumed as it is', async () => {
    const before = (await harness.status(runId)).settings.version;
    await harness.resume(runId);
    const { settings } = await harness.untilPaused(runId);
    assert.equal(settings.paused?.by, 'budget');
    assert.ok(settings.version > before);
    assert.equal(harness.teacher.requests.length, 30);
  });

  it('goes on when it is raised, and ends as it would have without', async () => {
    await harness.setBudget(runId, { calls: 500 });
    await harness.result(runId);
    const { stopReason } = await readStatus(harness.store, runId);
    assert.equal(stopReason, 'target reached');
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    const bodies = harness.teacher.requests.map(({ hash }) => hash);
    assert.equal(new Set(bodies).size, bodies.length);
  });
});
