import assert from 'node:assert/strict';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { removedName } from '../../client/removed-runs.js';
import { planToStart } from '../../client/run-plan.js';
import { startWorkflow } from '../../client/start-run.js';
import { readJson } from '../../store/artifacts.js';
import { RunHarness } from '../run-harness.js';
import { fewRounds } from './undisturbed.js';

describe('a run that is started once more', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
  });
  after(() => harness.stop());

  const executionOf = async (runId: string) => {
    const { runId: execution, status } = await harness.handle(runId).describe();
    return { execution, state: status.name };
  };
  const startAgain = async (runId: string) => {
    const recipe = await readJson<StoredRecipe>(harness.store, runFiles(runId).recipe);
    const plan = await planToStart(harness.store, runId, recipe);
    const { client, opened } = harness;
    await startWorkflow({ client, services: { searchAttributes: [] }, opened, runId, plan });
  };

  it('is left alone when it has finished, also just before', async () => {
    const runId = await harness.finishedRun(fewRounds);
    const before = await executionOf(runId);
    await startAgain(runId);
    assert.deepEqual(await executionOf(runId), before);
  });

  it('is refused, with the reason, when the server has its end and the store has not, or it was removed', async () => {
    const runId = await harness.finishedRun(fewRounds);
    await harness.store.remove(runFiles(runId).result);
    await assert.rejects(startAgain(runId), {
      name: 'UserError',
      message: /is not started: Temporal has a workflow of this id .*Choose another --id/,
    });
    await harness.store.write(removedName(runId), '{}');
    await assert.rejects(startAgain(runId), { name: 'UserError', message: /was removed/ });
  });

  it('begins again from the store when it was terminated', async () => {
    const runId = await harness.startRun(fewRounds);
    await harness.terminate(runId);
    const before = await executionOf(runId);
    await startAgain(runId);
    assert.notEqual((await executionOf(runId)).execution, before.execution);
    assert.equal((await harness.result(runId)).state, 'finished');
  });
});
