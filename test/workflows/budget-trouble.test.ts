import assert from 'node:assert/strict';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import type { Fault, ScriptRequest } from '../openai-server.js';
import { RunHarness } from '../run-harness.js';

let breaking: string | undefined;
const broken: Fault = { status: 502, headers: { 'retry-after-ms': '500' } };

/**
 * What the endpoint does; a run's model is named like it. Any of these requests may have been paid for, so that a call
 * uses up what was reserved for it, is given back to its shard, and is made again.
 */
const troubles: Record<string, (request: ScriptRequest) => Fault | undefined> = {
  'a web page': () => ({ body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } }),
  'a request that breaks it': ({ hash }) => {
    breaking ??= hash;
    return hash === breaking ? broken : undefined;
  },
  'an outage': () => broken,
};
/** One request, so that it is used up by the first failure. */
const bare = { freshSamples: 0, repair: false };

describe('a run with a budget whose requests fail, perhaps paid for', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({
      teacher: { fault: (request) => troubles[request.model]?.(request) },
      others: { spare: {} },
    });
  });
  after(() => harness.stop());

  const small = { target: 30, signal: 'none', budget: { calls: 1_000 } };

  it('is paused by the provider, not by the budget, when all that comes are web pages', async () => {
    const model = 'a web page';
    const runId = await harness.startRun({ ...small, teacher: { model, concurrency: 1 } });
    const { settings } = await harness.untilPaused(runId);
    assert.equal(settings.paused?.by, 'provider');
    assert.match(settings.paused?.reason ?? '', /base URL/);
    assert.equal(harness.requestsFor(model).length, 5);
  });

  it('drops a request that fails ten times while others are answered', async () => {
    const model = 'a request that breaks it';
    const runId = await harness.startRun({
      ...small,
      teacher: { model, concurrency: 20, ...bare },
      target: 300,
      generation: { callsPerRound: 40 },
      stop: { maxRounds: 1 },
    });
    await harness.result(runId);
    const { calls } = await readStatus(harness.store, runId);
    assert.deepEqual(calls.failed, { unanswered: 1 });
    assert.equal(harness.requestsFor(model).filter(({ hash }) => hash === breaking).length, 10);
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
  });

  it('turns to the stand-in after three failures', async () => {
    const model = 'an outage';
    const spare = { model: 'spare', ...bare };
    const runId = await harness.startRun({
      ...small,
      teacher: { model, fallback: ['spare'], concurrency: 1, ...bare },
      teachers: { spare },
    });
    const { stopReason } = await harness.result(runId);
    assert.equal(stopReason, 'target reached');
    const tries = new Map<string, number>();
    for (const { hash } of harness.requestsFor(model)) tries.set(hash, (tries.get(hash) ?? 0) + 1);
    assert.deepEqual(new Set(tries.values()), new Set([3]));
  });
});
