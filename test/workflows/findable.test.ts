import assert from 'node:assert/strict';
import { ensureSearchAttributes } from '../../workers/search-attributes.js';
import { RunHarness, until } from '../run-harness.js';

describe("a run in the Temporal UI's list", () => {
  let harness: RunHarness;
  let searchAttributes: string[];

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
    searchAttributes = await ensureSearchAttributes(harness.client, (line) => assert.fail(line));
  });
  after(() => harness.stop());

  const found = async (query: string) => {
    const ids: string[] = [];
    for await (const { workflowId } of harness.client.workflow.list({ query })) ids.push(workflowId);
    return ids;
  };
  const attributes = async (runId: string) => (await harness.handle(runId).describe()).searchAttributes;

  it('is found by recipe, method, state, round and accepted examples, as they are now', async () => {
    const runId = await harness.startRun(
      { name: 'findable', target: 30, stop: { maxRounds: 3 } },
      { searchAttributes },
    );
    await harness.pause(runId);
    await until(async () => (await found('SeedmillState = "paused"')).includes(runId));
    assert.deepEqual((await attributes(runId)).SeedmillRound, [1]);
    await harness.resume(runId);
    // While it lives: what earlier rounds have brought.
    const accepted = await until(async () => {
      const now = await attributes(runId);
      return Number(now.SeedmillRound?.[0]) > 1 && Number(now.SeedmillAccepted?.[0]);
    });
    assert.ok(accepted > 0);
    const { loop } = await harness.result(runId);
    const last = await attributes(runId);
    assert.deepEqual(last.SeedmillAccepted, [loop?.totals.candidates.accepted]);
    assert.deepEqual(
      [last.SeedmillMethod, last.SeedmillRecipe, last.SeedmillState],
      [['sedi'], ['findable'], ['finished']],
    );
    await until(async () =>
      (
        await found('SeedmillMethod = "sedi" AND SeedmillRecipe = "findable" AND SeedmillAccepted > 0')
      ).includes(runId),
    );
  });
});
