import assert from 'node:assert/strict';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { readJson } from '../../store/artifacts.js';
import { callsMadeSignal, limitsStatusQuery, setLimitsUpdate } from '../../workflows/messages.js';
import { RunHarness, until } from '../run-harness.js';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

describe('limits of an endpoint', () => {
  let harness: RunHarness;
  let queue: string;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { latencyMs: 20 } });
    const runId = await harness.finishedRun({ target: 4 });
    const recipe = await readJson<StoredRecipe>(harness.store, runFiles(runId).recipe);
    queue = recipe.endpoints.default?.queue as string;
  });
  afterEach(async () => {
    for await (const { workflowId } of harness.client.workflow.list({ query: `ExecutionStatus = "Running"` }))
      await harness.terminate(workflowId);
  });
  after(() => harness.stop());

  /** A run that does not end by itself before the test does. */
  const long = (
    teacher: object,
    { callsPerRound = 4, ...more } = {} as { callsPerRound?: number; concurrency?: number },
  ) => harness.startRun({ target: 10_000, teacher: { ...teacher, ...more }, generation: { callsPerRound } });

  it('are set on the queue while a run that declared them is open, and taken away when it ends', async () => {
    const held = harness.teacher.hold();
    const runId = await harness.startRun({ target: 24, teacher: { requestsPerMinute: 1_200 } });
    await until(async () => (await rate()) === 20);
    held.release();
    await harness.result(runId);
    await until(async () => (await rate()) === null);
    await until(async () => (await keeper()) === 'COMPLETED');
  });

  it('hold back the requests that the endpoint receives', async () => {
    const before = harness.teacher.requests.length;
    const begunAt = Date.now();
    await harness.finishedRun({ target: 48, seed: 2, teacher: { requestsPerMinute: 600 } });
    const times = harness.teacher.requests.slice(before).map(({ atMs }) => atMs);
    assert.ok(times.length > 50, `${times.length} requests`);
    // Ten a second, and the burst that the server allows at first. A busy machine bunches requests together, but the last
    // one comes no earlier for that.
    const seconds = ((times.at(-1) as number) - begunAt) / 1_000;
    assert.ok(times.length <= 25 + 10 * seconds, `${times.length} requests within ${seconds} s`);
  });

  it('are the strictest that an open run declared', async () => {
    await long({ requestsPerMinute: 1_200 });
    const strict = await long({ requestsPerMinute: 600 });
    await until(async () => (await rate()) === 10);
    await harness.cancel(strict);
    await until(async () => (await rate()) === 20);
  });

  it('do not outlive a run that was terminated', async () => {
    const strict = await long({ requestsPerMinute: 60 });
    await until(async () => (await rate()) === 1);
    await harness.terminate(strict);
    await long({ requestsPerMinute: 1_200 });
    await until(async () => (await rate()) === 20);
  });

  it('are shared fairly: a run with few calls does not wait for the backlog of one with many', async () => {
    const limited = { requestsPerMinute: 1_200 };
    await long({ ...limited, model: 'many' }, { callsPerRound: 2_000, concurrency: 200 });
    await until(() => harness.requestsFor('many').length >= 40);
    await long({ ...limited, model: 'few' }, { callsPerRound: 30, concurrency: 20 });
    await until(() => harness.requestsFor('few').length >= 30);
    const [first, last] = [0, 29].map((n) => harness.requestsFor('few')[n]?.index as number);
    const between = harness
      .requestsFor('many')
      .filter(({ index }) => index > (first as number) && index < (last as number));
    // Alone it would be none, in turn as many as its own; first come, first served, several hundred.
    assert.ok(between.length <= 60, `${between.length} requests of the other run`);
  });

  it('can be changed, and taken away, while the run is open', async () => {
    const runId = await long({ requestsPerMinute: 1_200 });
    await until(async () => (await rate()) === 20);
    await setLimits(runId, { requestsPerMinute: 300 });
    await until(async () => (await rate()) === 5);
    await setLimits(runId, { requestsPerMinute: null });
    await until(async () => (await rate()) === null);
  });

  it('can be given to a run that began without', async () => {
    const runId = await long({});
    await setLimits(runId, { requestsPerMinute: 300 });
    await until(async () => (await rate()) === 5);
  });

  it('go on as new when many calls were reported, so that the history stays small', async () => {
    const runId = await long({ requestsPerMinute: 240 });
    await until(async () => (await rate()) === 4);
    const keeper = harness.client.workflow.getHandle(queue);
    const { runId: first } = await keeper.describe();
    const report = { phase: 'tasks', calls: 50, requests: 50, tokens: 5_000, estimate: 100 } as const;
    for (let n = 0; n < 30; n += 1) {
      await Promise.all(
        Array.from({ length: 20 }, () => keeper.signal(callsMadeSignal, { runId, ...report })),
      );
    }
    await until(async () => (await keeper.describe()).runId !== first);
    await setLimits(runId, { requestsPerMinute: 600 });
    await until(async () => (await rate()) === 10);
    assert.deepEqual((await keeper.query(limitsStatusQuery)).limits, {
      requestsPerMinute: 600,
      tokensPerMinute: null,
    });
  });

  it('are refused when they are none', async () => {
    const runId = await long({});
    await assert.rejects(setLimits(runId, { tokensPerMinute: 0 }), (error) => {
      return error instanceof WorkflowUpdateFailedError && /above 0/.test(String(error.cause));
    });
  });

  it('in tokens become calls by what the calls have come to', async () => {
    harness.teacher.script = ((script) => (request) => ({
      ...script(request),
      usage: { promptTokens: 60, completionTokens: 40 },
    }))(harness.teacher.script);
    await long({ tokensPerMinute: 600_000, concurrency: 50 });
    await until(async () => (await keeper()) === 'RUNNING');
    // 10,000 tokens a second, 100 tokens a call; it begins with an estimate that is far higher.
    await until(async () => ((await rate()) ?? 0) < 10);
    await until(async () => ((await rate()) ?? 0) > 60);
    assert.ok(((await rate()) ?? 0) < 105, `${await rate()}`);
  });

  function setLimits(runId: string, limits: object) {
    return harness
      .handle(runId)
      .executeUpdate(setLimitsUpdate, { args: [{ by: 'ann', teacher: 'default', ...limits }] });
  }

  /** Calls per second that the server allows the queue; null: no limit. */
  async function rate(): Promise<number | null> {
    const { config } = await harness.client.workflowService.describeTaskQueue({
      namespace: harness.target.namespace,
      taskQueue: { name: queue },
      taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
      reportConfig: true,
    });
    return config?.queueRateLimit?.rateLimit?.requestsPerSecond ?? null;
  }

  /** State of the workflow that keeps the limits. */
  async function keeper(): Promise<string> {
    return (await harness.client.workflow.getHandle(queue).describe()).status.name;
  }
});
