import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { createLimitActivities, holdsQueueRates } from '../../activities/hold-limits.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { WorkerShare } from '../../activities/worker-share.js';
import { readJson } from '../../store/artifacts.js';
import { limitsStatusQuery } from '../../workflows/messages.js';
import { RunHarness, until } from '../run-harness.js';

const perSecond = 5;

/** A server that answers one call with a gRPC code; nothing else of it is asked. */
function refusing(code: number): Client {
  const refusal = Object.assign(new Error('refused'), { code, details: 'refused', metadata: {} });
  const workflowService = {
    updateTaskQueueConfig: () => Promise.reject(refusal),
  };
  return { options: { namespace: 'default', identity: 'test' }, workflowService } as unknown as Client;
}

describe('a server that cannot limit a queue', () => {
  for (const [why, code] of [
    ['because it is too old', 12],
    ['because this worker may not', 7],
  ] as const) {
    it(`leaves the limit to the workers ${why}`, async () => {
      const { setQueueRate } = createLimitActivities(refusing(code));
      assert.deepEqual(await setQueueRate({ queue: 'q', perSecond }), { heldBy: 'workers' });
      assert.equal(await holdsQueueRates(refusing(code)), false);
    });
  }

  it('is not one that cannot be reached for a moment', async () => {
    const { setQueueRate } = createLimitActivities(refusing(14));
    await assert.rejects(setQueueRate({ queue: 'q', perSecond }), /refused/);
    assert.equal(await holdsQueueRates(refusing(14)), true);
  });
});

describe("a worker's share of an endpoint's limits", () => {
  const signal = new AbortController().signal;
  let harness: RunHarness;
  let queue: string;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
  });
  after(() => harness.stop());

  it('is not needed on the server of the tests', async () => {
    assert.equal(await holdsQueueRates(harness.client), true);
  });

  it('is no limit where nobody has declared one', async () => {
    const share = new WorkerShare(harness.client);
    await Promise.all(Array.from({ length: 500 }, () => share.turn({ queue: 'teacher-none', signal })));
  });

  it('spaces the requests of the only worker by the whole rate', async () => {
    const runId = await harness.startRun({ target: 10_000, teacher: { requestsPerMinute: 600 } });
    const recipe = await readJson<StoredRecipe>(harness.store, runFiles(runId).recipe);
    queue = recipe.endpoints.default?.queue as string;
    const keeper = harness.client.workflow.getHandle(queue);
    // There is none before the run has declared its limits.
    const rate = () => keeper.query(limitsStatusQuery).catch(() => null);
    await until(async () => (await rate())?.callsPerSecond === 10);
    const share = new WorkerShare(harness.client);
    const begunAt = performance.now();
    await Promise.all(Array.from({ length: 6 }, () => share.turn({ queue, signal })));
    const tookMs = performance.now() - begunAt;
    // However late this process comes to see the first turn. A timer may be a millisecond early.
    assert.ok(tookMs > 490, `six turns within ${tookMs} ms`);
  });

  it('lets go of a call that is given up while it waits', async () => {
    const share = new WorkerShare(harness.client);
    const calls = Array.from({ length: 50 }, () => new AbortController());
    const waiting = calls.map(({ signal }) => share.turn({ queue, signal }));
    const ends = Promise.allSettled(waiting);
    await waiting[0];
    for (const call of calls) call.abort();
    assert.ok((await ends).some(({ status }) => status === 'rejected'));
  });

  it('lets go of all who wait, and of all who come, when the worker stops', async () => {
    const share = new WorkerShare(harness.client);
    const stopping = new Error('the worker stops');
    const calls = Array.from({ length: 50 }, () => new AbortController());
    const waiting = calls.map(({ signal }) => share.turn({ queue, signal }));
    const ends = Promise.allSettled(waiting);
    await waiting[0];
    share.close(stopping);
    const reasons = (await ends).flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    assert.deepEqual([...new Set(reasons)], [stopping]);
    await assert.rejects(share.turn({ queue, signal }), stopping);
  });
});
