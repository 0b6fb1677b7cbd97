import assert from 'node:assert/strict';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { costUsd, sumUsd } from '../../store/pricing.js';
import { BatchServer, type BatchServerOptions } from '../batch-server.js';
import { ended, onlyJson, Project, price, smallRecipe, until } from './helpers.js';

const byBatch = { teacher: { ...smallRecipe.teacher, mode: 'batch', batchPollSeconds: 0.2 } };

/** What the provider bills for its batches, in dollars. */
function billOf({ done }: BatchServer): number {
  const half = { inputUsdPerMTok: price.inputUsdPerMTok / 2, outputUsdPerMTok: price.outputUsdPerMTok / 2 };
  return sumUsd(
    done.flatMap(({ billed }) =>
      billed ? [costUsd({ cachedPromptTokens: 0, ...billed }, half) as number] : [],
    ),
  );
}

describe('a run through the Batch API on the command line', function () {
  this.timeout(240_000);
  let project: Project;
  let batches: BatchServer;

  async function start(options: BatchServerOptions): Promise<void> {
    batches = new BatchServer({ steps: 1, ...options });
    project = await Project.create({ teacher: { also: batches.answer }, recipe: byBatch });
  }
  async function assertAllIsWell(status: StatusReport): Promise<void> {
    assert.equal(status.state, 'finished');
    assert.deepEqual([status.costUsd, status.unknownUsd], [billOf(batches), 0]);
    const { problems } = await project.json<VerifyReport>(['verify', status.runId]);
    assert.deepEqual(problems, []);
    const asked = batches.done.map(({ customId }) => customId);
    assert.equal(new Set(asked).size, asked.length, 'a request was bought twice');
  }
  afterEach(() => project.stop());

  it('buys one batch when the worker is killed between its creation and the answer', async () => {
    await start({
      callFault: ({ route, index }) =>
        route === 'batches.create' && index === 0 ? { when: 'after', how: 'silence' } : undefined,
    });
    const running = project.spawn(['run', 'recipe.yaml', '--json']);
    await until(() => batches.batches.length === 1);
    await project.killServices('worker');
    const result = ended(await running);
    assert.equal(result.code, 0, result.stderr);
    await assertAllIsWell(onlyJson<StatusReport>(result));
    const files = batches.batches.map(({ metadata }) => metadata?.seedmill_batch);
    assert.equal(new Set(files).size, files.length, 'a file was made into two batches');
  });

  it('takes in a batch that ended while nothing of the run was alive', async () => {
    await start({ pace: () => 'hand' });
    const running = project.spawn(['run', 'recipe.yaml', '--json']);
    await until(() => batches.batches.length === 1);
    running.kill('SIGKILL');
    await running;
    await project.killServices();
    const [batch] = batches.batches;
    assert.ok(batch);
    for (let step = 0; step < 3; step += 1) batches.step(batch.id);
    assert.equal(batch.status, 'completed');
    batches.pace = () => 'look';
    const result = await project.run(['run', 'recipe.yaml', '--json']);
    assert.equal(result.code, 0, result.stderr);
    await assertAllIsWell(onlyJson<StatusReport>(result));
  });

  it('shows what a batch is doing', async () => {
    await start({ pace: () => 'hand', steps: 4 });
    const running = project.spawn(['start', 'recipe.yaml', '--json']);
    const { runId } = onlyJson<StatusReport>(ended(await running));
    await until(() => batches.batches.length === 1);
    for (let step = 0; step < 2; step += 1) batches.step(batches.batches[0]?.id ?? '');
    const shown = async () => (await project.json<StatusReport>(['status', runId])).batches[0];
    await until(async () => (await shown())?.completed === 1);
    const { status, total, failed } = (await shown()) ?? {};
    assert.deepEqual([status, total, failed], ['in_progress', 4, 0]);
    const { stdout } = await project.run(['status', runId]);
    assert.match(stdout, / · batch in_progress 1\/4 since \d\d:\d\d · /);
  });
});
