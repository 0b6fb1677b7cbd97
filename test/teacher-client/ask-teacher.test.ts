import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type AskDeps, askTeacher, findAnswer, type TeacherCall } from '../../activities/ask-teacher.js';
import type { AskedOnce } from '../../activities/teacher-client/ask-once.js';
import { Flights } from '../../activities/teacher-client/flights.js';
import { FileStore } from '../../store/file-store.js';
import { readAttempts } from '../../store/ledger.js';
import { sumLedger } from '../../store/ledger-sums.js';
import { ResponseStore } from '../../store/response-store.js';
import { processWriter } from '../../store/writer.js';
import { errorBody, type OpenAiServerOptions } from '../openai-server.js';
import { temporaryFolder } from '../temporary-folder.js';
import { chat, completion, endpoint, sampling } from './endpoint.js';

const ledger = 'run/rounds/001/tasks/shard-00.ledger';
const price = { inputUsdPerMTok: 2.5, outputUsdPerMTok: 10 };

describe('asking a teacher', () => {
  const folder = temporaryFolder();
  const at = endpoint();
  const start = (options: OpenAiServerOptions = {}) => at.start(options);
  /** What a worker process has; two of them share nothing but the store. */
  const worker = (): AskDeps => ({
    client: at.client,
    responses: new ResponseStore(new FileStore(folder())),
    flights: new Flights<AskedOnce>(),
    writer: processWriter(),
  });
  const call = (more: Partial<TeacherCall> = {}): TeacherCall => ({
    teacher: 'id:t',
    model: 'm',
    body: completion,
    sampling,
    runSeed: 1,
    nth: 0,
    scope: { reuse: 'project' },
    freshSamples: 2,
    failureOf: ({ text }) => (text.includes('bad') ? 'unparsable' : null),
    ledger: { name: ledger, callIndex: 0, attempt: 1 },
    price,
    signal: new AbortController().signal,
    ...more,
  });
  const attempts = async () => await readAttempts(new FileStore(folder()), ledger);
  const kinds = async () => (await attempts()).map(({ outcome }) => outcome?.kind ?? 'unknown');
  const received = async (count: number, server: { requests: unknown[] }) => {
    while (server.requests.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('returns the answer and what it cost', async () => {
    await start();
    const { response, ...result } = await askTeacher(worker(), call());
    assert.equal(response?.answer.text, 'Hello.');
    assert.deepEqual(result, {
      outcome: 'answered',
      reason: null,
      sent: 1,
      fromStore: 0,
      tokens: { prompt: 4, completion: 2 },
      costUsd: 0.00003,
      unknownBills: 0,
    });
  });

  it('does not ask again for an answer that is stored', async () => {
    const server = await start();
    await askTeacher(worker(), call());
    const again = await askTeacher(worker(), call());
    assert.deepEqual([server.requests.length, again.sent, again.fromStore, again.costUsd], [1, 0, 1, 0]);
  });

  it('has written its intent when the request arrives', async () => {
    let written = '';
    const script = () => {
      const log = path.join(folder(), ledger);
      written = readdirSync(log)
        .map((file) => readFileSync(path.join(log, file), 'utf8'))
        .join('');
      return { text: 'Hello.' };
    };
    const server = await start({ script });
    await askTeacher(worker(), call());
    assert.equal(JSON.parse(written).attemptId, server.requests[0]?.clientRequestId);
  });

  it('sends the seed that belongs to the sample', async () => {
    const server = await start();
    const { response } = await askTeacher(worker(), call());
    assert.equal(server.requests[0]?.seed, response?.request.seed);
  });

  describe('for fresh samples', () => {
    it('asks for another one after a bad answer', async () => {
      let asked = 0;
      const server = await start({ script: () => ({ text: asked++ === 0 ? 'bad' : 'good' }) });
      const result = await askTeacher(worker(), call());
      assert.deepEqual([result.outcome, result.response?.answer.text, result.sent], ['answered', 'good', 2]);
      assert.notEqual(server.requests[0]?.seed, server.requests[1]?.seed);
    });

    it('stops at the limit and says why', async () => {
      const server = await start({ script: () => ({ text: 'bad' }) });
      const result = await askTeacher(worker(), call());
      assert.deepEqual([result.outcome, server.requests.length], ['unparsable', 3]);
    });

    it('pays for a bad answer only once', async () => {
      const server = await start({ script: () => ({ text: 'bad' }) });
      await askTeacher(worker(), call());
      await askTeacher(worker(), call());
      assert.equal(server.requests.length, 3);
    });

    for (const [outcome, answer] of [
      ['refused', { text: '', refusal: 'No.' }],
      ['content-filter', { text: '', finishReason: 'content_filter' }],
    ] as const) {
      it(`counts an answer as ${outcome}`, async () => {
        await start({ script: () => answer });
        assert.equal((await askTeacher(worker(), call({ body: chat }))).outcome, outcome);
        assert.deepEqual(await kinds(), [outcome, outcome, outcome]);
      });
    }

    it('takes a cut-off answer that is usable', async () => {
      await start({ script: () => ({ text: 'x'.repeat(1000) }) });
      const result = await askTeacher(worker(), call());
      assert.deepEqual([result.outcome, result.response?.answer.kind], ['answered', 'truncated']);
    });

    it('counts an answer without content as unparsable', async () => {
      await start({ fault: () => ({ body: { choices: [] } }) });
      assert.equal((await askTeacher(worker(), call({ freshSamples: 0 }))).outcome, 'unparsable');
    });
  });

  describe('read back from the store', () => {
    const readBack = async () => {
      const found = await findAnswer(new ResponseStore(new FileStore(folder())), call());
      return found && [found.outcome, found.response.answer.text];
    };

    it('is the first usable answer', async () => {
      let asked = 0;
      await start({ script: () => ({ text: asked++ === 0 ? 'bad' : 'good' }) });
      await askTeacher(worker(), call());
      assert.deepEqual(await readBack(), ['answered', 'good']);
    });

    it('is the last answer when none is usable', async () => {
      let asked = 0;
      await start({ script: () => ({ text: `bad ${asked++}` }) });
      await askTeacher(worker(), call());
      assert.deepEqual(await readBack(), ['unparsable', 'bad 2']);
    });

    it('is nothing when nothing was stored', async () => {
      await start();
      assert.equal(await readBack(), null);
    });
  });

  describe('that says no', () => {
    it('drops an item that the endpoint refuses, with its words', async () => {
      await start({ fault: () => ({ status: 400, body: errorBody('too long', null) }) });
      const result = await askTeacher(worker(), call());
      assert.deepEqual([result.outcome, result.reason], ['invalid-request', 'HTTP 400: too long']);
      assert.deepEqual(await kinds(), ['invalid-request']);
    });

    for (const [status, type] of [
      [429, 'RateLimited'],
      [500, 'ProviderUnavailable'],
      [401, 'ProviderAccess'],
    ] as const) {
      it(`throws ${type} on ${status}, with a row in the ledger`, async () => {
        await start({ fault: () => ({ status }) });
        await assert.rejects(askTeacher(worker(), call()), (error) => {
          return error instanceof ApplicationFailure && error.type === type;
        });
        assert.deepEqual(await kinds(), ['failed']);
      });
    }

    it('is asked again without a parameter that it refuses, each time with a row', async () => {
      const server = await start({
        fault: ({ body }) =>
          'seed' in body ? { status: 400, body: errorBody('seed is not supported', null) } : undefined,
      });
      const result = await askTeacher(worker(), call());
      assert.deepEqual([result.outcome, result.sent, server.requests.length], ['answered', 2, 2]);
      assert.deepEqual(await kinds(), ['failed', 'answered']);
    });
  });

  describe('by several at once', () => {
    it('sends one request for two calls of one process', async () => {
      const server = await start({ latencyMs: 50 });
      const shared = worker();
      const [one, two] = await Promise.all([
        askTeacher(shared, call()),
        askTeacher(shared, call({ ledger: { name: ledger, callIndex: 1, attempt: 1 } })),
      ]);
      assert.equal(server.requests.length, 1);
      assert.deepEqual([one.sent, one.fromStore, two.sent, two.fromStore], [1, 0, 0, 1]);
    });

    it('gives two processes the same answer, and the loser a duplicate in the ledger', async () => {
      let asked = 0;
      const server = await start({ latencyMs: 50, script: () => ({ text: `answer ${asked++}` }) });
      const [one, two] = await Promise.all([askTeacher(worker(), call()), askTeacher(worker(), call())]);
      assert.equal(server.requests.length, 2);
      assert.equal(one.response?.answer.text, two.response?.answer.text);
      assert.deepEqual((await kinds()).sort(), ['answered', 'duplicate']);
    });

    it('gives each call that is refused a row of its own', async () => {
      await start({ latencyMs: 50, fault: () => ({ status: 400 }) });
      const shared = worker();
      await Promise.all([
        askTeacher(shared, call()),
        askTeacher(shared, call({ ledger: { name: ledger, callIndex: 1, attempt: 1 } })),
      ]);
      assert.deepEqual(
        (await attempts()).map(({ intent }) => intent.callIndex),
        [0, 1],
      );
    });

    it('lets a call go on when the one it waited for fails', async () => {
      await start({
        latencyMs: 50,
        fault: (_request, { index }) => (index === 0 ? { status: 500 } : undefined),
      });
      const shared = worker();
      const [one, two] = await Promise.allSettled([
        askTeacher(shared, call()),
        askTeacher(shared, call({ ledger: { name: ledger, callIndex: 1, attempt: 1 } })),
      ]);
      assert.deepEqual([one.status, two.status], ['rejected', 'fulfilled']);
    });
  });

  describe('that is given up', () => {
    const givenUp = async (why: string, server: { requests: unknown[] }, deps: AskDeps) => {
      const abort = new AbortController();
      const asking = askTeacher(deps, call({ signal: abort.signal }));
      await received(1, server);
      abort.abort(new CancelledFailure(why));
      return asking;
    };

    it('ends the request on a cancel and leaves it unknown in the ledger', async () => {
      const server = await start({ latencyMs: 60_000 });
      await assert.rejects(givenUp('CANCELLED', server, worker()), CancelledFailure);
      while ((await kinds())[0] === 'unknown') await new Promise((resolve) => setTimeout(resolve, 5));
      const [attempt] = await attempts();
      assert.deepEqual([attempt?.outcome?.kind, attempt?.outcome?.bill], ['aborted', 'unknown']);
    });

    it('stores the late answer of an attempt that timed out', async () => {
      const server = await start({ latencyMs: 200 });
      const deps = worker();
      await assert.rejects(givenUp('TIMED_OUT', server, deps), CancelledFailure);
      while (deps.flights.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal((await askTeacher(worker(), call())).fromStore, 1);
    });

    it('lets the next attempt wait for the request of one that timed out', async () => {
      const server = await start({ latencyMs: 200 });
      const deps = worker();
      await assert.rejects(givenUp('TIMED_OUT', server, deps));
      const result = await askTeacher(deps, call({ ledger: { name: ledger, callIndex: 0, attempt: 2 } }));
      assert.deepEqual([result.outcome, server.requests.length], ['answered', 1]);
    });

    it('finishes while the worker shuts down', async () => {
      const server = await start({ latencyMs: 100 });
      assert.equal((await givenUp('WORKER_SHUTDOWN', server, worker())).outcome, 'answered');
    });

    it('goes on for the other call that waits', async () => {
      const server = await start({ latencyMs: 200 });
      const deps = worker();
      const other = askTeacher(deps, call({ ledger: { name: ledger, callIndex: 1, attempt: 1 } }));
      await assert.rejects(givenUp('CANCELLED', server, deps));
      assert.deepEqual([(await other).outcome, server.requests.length], ['answered', 1]);
    });
  });

  describe('and the ledger', () => {
    it('have one intent for each request that the provider received', async () => {
      const server = await start({
        fault: (_request, { index }) => (index % 3 === 0 ? { status: 503 } : undefined),
      });
      const deps = worker();
      for (let nth = 0; nth < 6; nth += 1) await askTeacher(deps, call({ nth })).catch(() => undefined);
      assert.deepEqual(
        (await attempts()).map(({ intent }) => intent.attemptId).sort(),
        server.requests.map(({ clientRequestId }) => clientRequestId).sort(),
      );
    });

    it('agree with the bill to the cent', async () => {
      const server = await start({
        script: ({ seed }) => ({
          text: 'word '.repeat((seed ?? 0) % 40),
          usage: { promptTokens: 1 + ((seed ?? 0) % 997), completionTokens: (seed ?? 0) % 101 },
        }),
        fault: (_request, { index }) => (index % 4 === 0 ? { status: 429 } : undefined),
      });
      const deps = worker();
      await Promise.allSettled(Array.from({ length: 40 }, (_, nth) => askTeacher(deps, call({ nth }))));
      const { promptTokens, completionTokens } = server.billed;
      const cents = Math.round((promptTokens * 2.5 + completionTokens * 10) / 1e4);
      const sums = sumLedger(await attempts());
      assert.deepEqual([Math.round((sums.knownUsd ?? 0) * 100), sums.unknown], [cents, 0]);
    });

    it('bound the bill of an answer without usage from above', async () => {
      const server = await start({ script: () => ({ text: 'Hello.', usage: null }) });
      const result = await askTeacher(worker(), call());
      const { knownUsd, unknownUsd } = sumLedger(await attempts());
      const { promptTokens, completionTokens } = server.billed;
      const bill = (promptTokens * 2.5 + completionTokens * 10) / 1e6;
      assert.equal(result.unknownBills, 1);
      assert.ok(knownUsd === 0 && (unknownUsd ?? 0) >= bill, `${knownUsd} ${unknownUsd} ${bill}`);
    });

    it('do not know a cost without a price', async () => {
      await start();
      const result = await askTeacher(worker(), call({ price: null }));
      assert.deepEqual([result.costUsd, result.tokens.completion], [null, 2]);
    });
  });

  describe('with a heartbeat', () => {
    const beats = async (latencyMs: number, everyMs: number) => {
      let count = 0;
      await start({ latencyMs });
      await askTeacher(worker(), call({ heartbeat: { everyMs, beat: () => count++ } }));
      return count;
    };

    it('beats while a call lasts', async () => {
      assert.ok((await beats(200, 20)) > 0);
    });

    it('does not beat in a fast call', async () => {
      assert.equal(await beats(0, 10_000), 0);
    });
  });
});
