import assert from 'node:assert/strict';
import getPort from 'get-port';
import { runFiles } from '../../activities/run-files.js';
import type { Candidate } from '../../activities/types.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { costUsd, type Price, sumUsd } from '../../store/pricing.js';
import { errorBody, type Fault, type LoggedRequest } from '../openai-server.js';
import { price, type RecipeChanges, RunHarness } from '../run-harness.js';

const dear = { inputUsdPerMTok: 2, outputUsdPerMTok: 8 };
const small = { target: 20, signal: 'none' };

describe('a run with several teachers', () => {
  let harness: RunHarness;
  /** What the main teacher does, by the run's model. */
  const faults: Record<string, (repeat: number, hash: string) => Fault | undefined> = {
    'out for good': () => ({ status: 503 }),
    'out for a while': () =>
      asked('spare', 'out for a while (spare)').length > 1 ? undefined : { status: 500 },
    busy: (repeat, hash) =>
      hash < '4' && repeat < 4 ? { status: 429, headers: { 'retry-after-ms': '10' } } : undefined,
    refused: () => ({ status: 401, body: errorBody('Incorrect API key provided', 'invalid_api_key') }),
  };

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({
      teacher: { fault: ({ model, hash }, { repeat }) => faults[model]?.(repeat, hash) },
      others: { strong: {}, spare: {} },
    });
  });
  after(() => harness.stop());

  const asked = (server: 'strong' | 'spare', model: string) =>
    harness.others[server]?.requests.filter((request) => request.model === model) ?? [];

  async function lineageOf(runId: string): Promise<Candidate[]> {
    return await readJsonlAt<Candidate>(harness.store, runFiles(runId).dataset('lineage.jsonl'));
  }

  /** Who wrote the examples of a run, phase by phase. */
  async function writers(runId: string): Promise<string[]> {
    const calls = (await lineageOf(runId)).flatMap((row) => row.calls);
    return [...new Set(calls.map(({ phase, teacher, model }) => `${phase}: ${teacher} (${model})`))].sort();
  }

  function billOf(requests: LoggedRequest[], price: Price): number {
    const usages = requests.flatMap(({ billed }) => (billed ? [{ cachedPromptTokens: 0, ...billed }] : []));
    return sumUsd(usages.map((usage) => costUsd(usage, price) as number));
  }

  async function addsUp(runId: string): Promise<void> {
    const { ok, problems } = await verifyRun(harness.store, runId);
    assert.deepEqual([ok, problems], [true, []]);
    const { stopReason, calls } = await readStatus(harness.store, runId);
    assert.deepEqual([stopReason, calls.failed], ['target reached', {}]);
    assert.equal((await lineageOf(runId)).length, small.target);
  }

  /** `spare` takes over for the main teacher; the run's calls are known by its model there, too. */
  const withSpare = (model: string, teacher: object = {}): RecipeChanges => ({
    ...small,
    teacher: { model, fallback: ['spare'], concurrency: 4, ...teacher },
    teachers: { spare: { model: `${model} (spare)` } },
  });

  it('asks a cheap one for instructions and a strong one for answers, each at its price', async () => {
    const runId = await harness.finishedRun({
      ...small,
      teacher: { model: 'cheap' },
      teachers: { strong: { model: 'strong', price: dear } },
      generation: { teachers: { answers: 'strong' } },
    });
    await addsUp(runId);
    assert.deepEqual(await writers(runId), ['answers: strong (strong)', 'instructions: default (cheap)']);
    const cheap = harness.requestsFor('cheap');
    const strong = asked('strong', 'strong');
    assert.ok(cheap.every(({ body }) => /Task \d+:\s*$/.test(String(body.prompt))));
    assert.ok(strong.every(({ body }) => !/Task \d+:\s*$/.test(String(body.prompt))));
    const { costUsd } = await readStatus(harness.store, runId);
    assert.equal(costUsd, sumUsd([billOf(cheap, price), billOf(strong, dear)]));
  });

  it('turns to the stand-in when the first one fails, and loses nothing', async () => {
    const model = 'out for good';
    const runId = await harness.finishedRun(withSpare(model));
    await addsUp(runId);
    assert.deepEqual(await writers(runId), [
      `answers: spare (${model} (spare))`,
      `instructions: spare (${model} (spare))`,
    ]);
    const tries = new Map<string, number>();
    for (const { hash } of harness.requestsFor(model)) tries.set(hash, (tries.get(hash) ?? 0) + 1);
    assert.deepEqual(new Set(tries.values()), new Set([3]), 'three failures before the stand-in is asked');
  });

  it('turns to the stand-in when nobody listens at the first one’s address', async () => {
    const model = 'gone';
    const baseUrl = `http://127.0.0.1:${await getPort()}/v1`;
    const runId = await harness.finishedRun(withSpare(model, { baseUrl }));
    await addsUp(runId);
    const { calls, costUsd } = await readStatus(harness.store, runId);
    assert.equal(costUsd, billOf(asked('spare', `${model} (spare)`), price));
    assert.ok(calls.failedAttempts > 0 && calls.unknownAttempts === 0);
  });

  it('goes back to the first one, and its examples say who wrote them', async () => {
    const model = 'out for a while';
    const runId = await harness.finishedRun(withSpare(model));
    await addsUp(runId);
    const lineage = await lineageOf(runId);
    const teachers = new Set(lineage.flatMap(({ calls }) => calls.map(({ teacher }) => teacher)));
    assert.deepEqual([...teachers].sort(), ['default', 'spare']);
  });

  it('waits for one that is only busy', async () => {
    const runId = await harness.finishedRun(withSpare('busy'));
    await addsUp(runId);
    assert.deepEqual(asked('spare', 'busy (spare)'), []);
  });

  it('pauses when the first one refuses the key, as with one teacher', async () => {
    const runId = await harness.startRun(withSpare('refused'));
    const { settings } = await harness.untilPaused(runId);
    assert.equal(settings.paused?.by, 'provider');
    assert.deepEqual(asked('spare', 'refused (spare)'), []);
    await harness.cancel(runId);
    await harness.result(runId);
  });

  it('keeps to its budget when calls go from one to the other', async () => {
    const model = 'out for good';
    const before = asked('spare', `${model} (spare)`).length;
    const runId = await harness.startRun({
      ...withSpare(model, { reuse: 'off' }),
      seed: 7,
      budget: { calls: 9 },
    });
    const { settings } = await harness.untilPaused(runId);
    assert.equal(settings.paused?.by, 'budget');
    const paid = asked('spare', `${model} (spare)`).length - before;
    assert.ok(paid > 3 && paid <= 9, `${paid} calls`);
    await harness.cancel(runId);
  });
});
