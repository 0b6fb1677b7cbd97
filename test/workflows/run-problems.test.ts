import assert from 'node:assert/strict';
import { lookAt } from '../../client/live-run.js';
import { look } from '../../client/look.js';
import { readStatus } from '../../client/status.js';
import type { recipeRun } from '../../workflows/recipe-run.js';
import { assertInertInTerminal, hostileText } from '../hostile.js';
import { errorBody } from '../openai-server.js';
import { RunHarness, until } from '../run-harness.js';

describe('what keeps a run from going on', () => {
  let harness: RunHarness;
  const problemsOf = async (runId: string) =>
    (await look({ store: harness.store, client: harness.client, runId })).problems;
  const problem = (runId: string, wanted: RegExp) =>
    until(async () => (await problemsOf(runId)).find((one) => wanted.test(one)));

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
  });
  after(() => harness.stop());

  it('is told of calls that fail, with what the provider said and how many wait for it', async () => {
    harness.teacher.fault = () => ({ status: 503, body: errorBody(hostileText('out of paper'), null) });
    const runId = await harness.startRun({ teacher: { concurrency: 3 } });
    const said = await problem(runId, /callTeacher, attempt [2-9]/);
    assert.match(said, /^(?:\d × )?callTeacher, attempt \d+: .*out of paper/);
    assertInertInTerminal(said, 'problem');
    harness.teacher.fault = () => undefined;
    await harness.cancel(runId);
    await harness.result(runId);
    assert.deepEqual(await problemsOf(runId), []);
  });

  it('is told of a queue that no worker serves', async () => {
    const held = harness.teacher.hold();
    const runId = await harness.startRun();
    await held.reached;
    const { problems } = await lookAt(harness.client, { runId, queues: ['cpu', 'teacher-nobody'] });
    assert.deepEqual(
      problems.filter((one) => /no worker/.test(one)),
      ['no worker serves the queue teacher-nobody: "seedmill up" starts those of this machine'],
    );
    held.release();
    await harness.cancel(runId);
    await harness.result(runId);
  });

  it('is told at once when its worker is gone, and its figures stay', async () => {
    const runId = await harness.startRun();
    await harness.pause(runId);
    await harness.untilQuiet(runId);
    // The run records it beside everything else that it does.
    await until(async () => (await readStatus(harness.store, runId)).paused !== null);
    await harness.stopWorkers();
    const { status, problems } = await look({ store: harness.store, client: harness.client, runId });
    await harness.terminate(runId);
    await harness.startWorkers();
    assert.match(problems.join('\n'), /has not answered within 0\.5 s: its worker is busy or away/);
    assert.deepEqual(status.paused, { by: 'ann', reason: 'lunch' });
  });

  it('is told of a workflow whose code fails, with the failure', async () => {
    const broken = 'broken-run';
    const args = [{ schemaVersion: 1 }] as unknown as Parameters<typeof recipeRun>;
    await harness.client.workflow.start<typeof recipeRun>('recipeRun', {
      workflowId: broken,
      taskQueue: 'seedmill',
      args,
    });
    const said = await until(async () => {
      const { problems } = await lookAt(harness.client, { runId: broken, queues: ['seedmill'] });
      return problems.find((one) => /workflow task fails/.test(one));
    });
    assert.match(said, /broken-run: its workflow task fails, attempt \d+: .*undefined/);
    await harness.terminate(broken);
  });
});
