import assert from 'node:assert/strict';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { costUsd, sumUsd } from '../../store/pricing.js';
import { BatchServer, type BatchServerOptions } from '../batch-server.js';
import { type Ended, ended, onlyJson, pooled, Project, price, smallRecipe, until } from './helpers.js';

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

/** A run that has ended. */
interface Played {
  project: Project;
  batches: BatchServer;
  /** Of the last command. */
  result: Ended;
}

describe('a run through the Batch API on the command line', () => {
  const projects: Project[] = [];
  let played: Record<'killed' | 'alone', Promise<Played>>;

  // At once: what was killed waits for its time limits most of the time.
  before(() => {
    const [killed, alone] = pooled(2, [playKilled, playAlone]) as [Promise<Played>, Promise<Played>];
    played = { killed, alone };
  });
  after(() => Promise.all(projects.map((project) => project.stop())));

  it('shows what a batch is doing', async () => {
    const { project, batches } = await prepare({ pace: () => 'hand', steps: 4 });
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml']);
    await until(() => batches.batches.length === 1);
    for (let step = 0; step < 2; step += 1) batches.step(batches.batches[0]?.id ?? '');
    const shown = async () => (await project.json<StatusReport>(['status', runId])).batches[0];
    await until(async () => (await shown())?.completed === 1);
    const { status, total, failed } = (await shown()) ?? {};
    assert.deepEqual([status, total, failed], ['in_progress', 4, 0]);
    const { stdout } = await project.run(['status', runId]);
    assert.match(stdout, / · batch in_progress 1\/4 since \d\d:\d\d · /);
  });

  it('buys one batch when the worker is killed between its creation and the answer', async () => {
    const { batches } = await assertAllIsWell(await played.killed);
    const files = batches.batches.map(({ metadata }) => metadata?.seedmill_batch);
    assert.equal(new Set(files).size, files.length, 'a file was made into two batches');
  });

  it('takes in a batch that ended while nothing of the run was alive', async () => {
    await assertAllIsWell(await played.alone);
  });

  async function playKilled(): Promise<Played> {
    const { project, batches } = await prepare({
      pace: () => 'first-look',
      callFault: ({ route, index }) =>
        route === 'batches.create' && index === 0 ? { when: 'after', how: 'silence' } : undefined,
    });
    const running = project.spawn(['run', 'recipe.yaml', '--json']);
    await until(() => batches.batches.length === 1);
    await project.killServices('worker');
    return { project, batches, result: ended(await running) };
  }

  async function playAlone(): Promise<Played> {
    const { project, batches } = await prepare({ pace: () => 'hand' });
    const running = project.spawn(['run', 'recipe.yaml', '--json']);
    await until(() => batches.batches.length === 1);
    running.kill('SIGKILL');
    await running;
    await project.killServices();
    const [batch] = batches.batches;
    assert.ok(batch);
    for (let step = 0; step < 3; step += 1) batches.step(batch.id);
    assert.equal(batch.status, 'completed');
    batches.pace = () => 'first-look';
    return { project, batches, result: await project.run(['run', 'recipe.yaml', '--json']) };
  }

  async function prepare(options: BatchServerOptions): Promise<{ project: Project; batches: BatchServer }> {
    const batches = new BatchServer({ steps: 1, ...options });
    const project = await Project.create({ teacher: { also: batches.answer }, recipe: byBatch });
    projects.push(project);
    return { project, batches };
  }

  async function assertAllIsWell(end: Played): Promise<Played> {
    const { project, batches, result } = end;
    assert.equal(result.code, 0, result.stderr);
    const status = onlyJson<StatusReport>(result);
    assert.equal(status.state, 'finished');
    assert.deepEqual([status.costUsd, status.unknownUsd], [billOf(batches), 0]);
    const { problems } = await project.json<VerifyReport>(['verify', status.runId]);
    assert.deepEqual(problems, []);
    const asked = batches.done.map(({ customId }) => customId);
    assert.equal(new Set(asked).size, asked.length, 'a request was bought twice');
    return end;
  }
});
