import assert from 'node:assert/strict';
import { readPhases } from '../../activities/count-round.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { costUsd, sumUsd } from '../../store/pricing.js';
import { errorBody, type Fault, type LoggedRequest } from '../openai-server.js';
import { price, RunHarness } from '../run-harness.js';
import { readDataset } from './dataset.js';

const key = 'sk-test-0123456789abcdefghijklmnop';

/** What each provider does; a run's model is named like its trouble. */
const troubles: Record<
  string,
  (request: { hash: string; repeat: number; isMended: boolean }) => Fault | undefined
> = {
  'a refused key': ({ isMended }) =>
    isMended
      ? undefined
      : { status: 401, body: errorBody(`Incorrect API key provided: ${key}`, 'invalid_api_key') },
  'an empty account': ({ isMended }) =>
    isMended
      ? undefined
      : { status: 429, body: errorBody('You exceeded your current quota', 'insufficient_quota') },
  'refused prompts': ({ hash }) =>
    hash < '4' ? { status: 400, body: errorBody('This prompt is not for me', null) } : undefined,
  'passing failures': ({ hash, repeat }) => {
    if (repeat > 0 || hash >= '8') return undefined;
    if (hash < '2') return { status: 429, headers: { 'retry-after-ms': '500' } };
    if (hash < '4') return { status: 500 };
    if (hash < '6') return { status: 503, body: '<html>overloaded</html>' };
    return { reset: 'before' };
  },
  'answers that break off': ({ hash, repeat }) =>
    repeat === 0 && hash < '4' ? { reset: 'middle' } : undefined,
};

describe('a provider in trouble', () => {
  let harness: RunHarness;
  const runIds = new Map<string, string>();
  let isMended = false;
  const keyBefore = process.env.OPENAI_API_KEY;

  before(async function () {
    this.timeout(0);
    process.env.OPENAI_API_KEY = key;
    harness = await RunHarness.start();
    harness.teacher.fault = ({ model, hash }, { repeat }) => troubles[model]?.({ hash, repeat, isMended });
    for (const model of Object.keys(troubles)) {
      runIds.set(model, await harness.startRun({ target: 20, teacher: { model } }));
    }
  });
  after(async () => {
    if (keyBefore === undefined) delete process.env.OPENAI_API_KEY;
    else process.env.OPENAI_API_KEY = keyBefore;
    await harness.stop();
  });

  const runOf = (trouble: string) => runIds.get(trouble) as string;

  for (const [trouble, message] of [
    ['a refused key', /401: Incorrect API key provided/],
    ['an empty account', /429: You exceeded your current quota/],
  ] as const) {
    describe(trouble, () => {
      it("pauses the run with the provider's message", async () => {
        const { settings } = await harness.untilPaused(runOf(trouble));
        assert.equal(settings.paused?.by, 'provider');
        assert.match(settings.paused?.reason ?? '', message);
      });

      it('pauses it once, however many calls were refused', async () => {
        await harness.untilQuiet(runOf(trouble));
        assert.ok(harness.requestsFor(trouble).length > 1);
        assert.equal((await harness.status(runOf(trouble))).settings.version, 2);
      });
    });
  }

  it('never writes the key down', async () => {
    const { settings } = await harness.untilPaused(runOf('a refused key'));
    assert.ok(!settings.paused?.reason.includes(key));
    const history = Buffer.from(JSON.stringify(await decodedHistories(runOf('a refused key'))));
    assert.ok(!history.includes(key));
    for (const name of await harness.store.list(runOf('a refused key'))) {
      assert.ok(!(await harness.store.read(name))?.includes(key), name);
    }
  });

  describe('once it is mended', () => {
    before(async () => {
      const paused = ['a refused key', 'an empty account'].map(runOf);
      await Promise.all(paused.map((runId) => harness.untilPaused(runId)));
      isMended = true;
      for (const runId of paused) await harness.resume(runId);
      await Promise.all([...runIds.values()].map((runId) => harness.result(runId)));
    });

    for (const trouble of Object.keys(troubles)) {
      it(`finishes after ${trouble}, and everything adds up`, async () => {
        const { ok, problems } = await verifyRun(harness.store, runOf(trouble));
        assert.deepEqual([ok, problems], [true, []]);
        const { state, stopReason } = await readStatus(harness.store, runOf(trouble));
        assert.deepEqual([state, stopReason], ['finished', 'target reached']);
        assert.equal((await readDataset(harness, runOf(trouble))).train.length, 20);
      });
    }

    for (const trouble of ['a refused key', 'an empty account']) {
      it(`has lost no call to ${trouble}`, async () => {
        const { calls } = await readStatus(harness.store, runOf(trouble));
        assert.deepEqual(calls.failed, {});
        assert.equal(calls.answered, calls.planned);
      });
    }

    it('drops a refused prompt, counts it, and goes on without it', async () => {
      const refused = harness.requestsFor('refused prompts').filter(({ status }) => status === 400);
      const { calls, rejected } = await readStatus(harness.store, runOf('refused prompts'));
      assert.ok(refused.length > 0);
      assert.deepEqual(calls.failed, { 'invalid-request': refused.length });
      assert.ok((rejected['instance-call-failed'] ?? 0) > 0);
    });

    it('counts requests that failed beside calls that were answered all the same', async () => {
      const requests = harness.requestsFor('passing failures');
      const { calls } = await readStatus(harness.store, runOf('passing failures'));
      assert.deepEqual(calls.failed, {});
      assert.equal(calls.sent, requests.length);
      assert.equal(calls.failedAttempts, requests.filter(({ status }) => (status ?? 0) >= 400).length);
      assert.equal(calls.unknownAttempts, requests.filter(({ status }) => status === null).length);
      assert.ok(calls.failedAttempts > 0 && calls.unknownAttempts > 0);
    });

    it("knows the provider's bill to the cent, failures included", async () => {
      for (const trouble of ['a refused key', 'refused prompts', 'passing failures']) {
        const { costUsd } = await readStatus(harness.store, runOf(trouble));
        assert.equal(costUsd, billOf(harness.requestsFor(trouble)));
      }
    });

    it('bounds the bill where an answer was paid for and never arrived', async () => {
      const trouble = 'answers that break off';
      const { costUsd, unknownUsd } = await readStatus(harness.store, runOf(trouble));
      const bill = billOf(harness.requestsFor(trouble));
      assert.ok((costUsd as number) < bill, `${costUsd} < ${bill}`);
      assert.ok(bill <= sumUsd([costUsd as number, unknownUsd as number]), `${bill} <= ${unknownUsd} more`);
    });

    it('writes one intent for each request', async () => {
      for (const trouble of Object.keys(troubles)) {
        const sent = harness.requestsFor(trouble).map(({ clientRequestId }) => clientRequestId);
        assert.deepEqual((await intentsOf(runOf(trouble))).sort(), sent.sort());
      }
    });
  });

  async function intentsOf(runId: string): Promise<string[]> {
    const { round } = await readStatus(harness.store, runId);
    const rounds = Array.from({ length: round }, (_, n) =>
      readPhases(harness.store, { runId, round: n + 1 }),
    );
    const attempts = (await Promise.all(rounds)).flat().flatMap((phase) => phase.attempts);
    return attempts.map(({ intent }) => intent.attemptId);
  }

  /** Events of the run and its shards, with every payload as text. */
  async function decodedHistories(runId: string): Promise<unknown[]> {
    const { loop } = await harness.status(runId);
    const ids = [runId, ...(loop?.shards ?? [])];
    const histories = await Promise.all(
      ids.map((id) => harness.client.workflow.getHandle(id).fetchHistory()),
    );
    const text = (_key: string, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
    return histories.map((history) => JSON.stringify(history.events, text));
  }
});

function billOf(requests: LoggedRequest[]): number {
  const bills = requests.flatMap(({ billed }) => (billed ? [{ cachedPromptTokens: 0, ...billed }] : []));
  return sumUsd(bills.map((usage) => costUsd(usage, price) as number));
}
