import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { askTeacher } from '../../activities/ask-teacher.js';
import { createTeacherClient } from '../../activities/teacher-client/client.js';
import { findAnswer } from '../../activities/sample-path.js';
import { SendGate } from '../../activities/teacher-client/send-gate.js';
import { FileStore } from '../../store/file-store.js';
import { sumLedger } from '../../store/ledger-sums.js';
import { ResponseStore } from '../../store/response-store.js';
import { errorBody, type LoggedRequest, type Script } from '../openai-server.js';
import { asking, ledger } from './asking.js';
import { chat } from './endpoint.js';

describe('asking a teacher', () => {
  const { folder, start, worker, call, attempts, kinds } = asking();

  it('returns the answer and what it cost', async () => {
    await start();
    const one = call();
    const { counted, ...result } = await askTeacher(worker(), one);
    assert.equal(counted?.response.answer.text, 'Hello.');
    assert.deepEqual(result, { outcome: 'answered', reason: null, sent: 1, fromStore: 0 });
    assert.deepEqual(one.book.spend(), { calls: 1, tokens: 6, usd: 0.00003 });
  });

  it('does not ask again for an answer that is stored', async () => {
    const server = await start();
    await askTeacher(worker(), call());
    const one = call();
    const again = await askTeacher(worker(), one);
    assert.deepEqual([server.requests.length, again.sent, again.fromStore], [1, 0, 1]);
    assert.deepEqual(one.book.spend(), { calls: 0, tokens: 0, usd: 0 });
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
    const { counted } = await askTeacher(worker(), call());
    assert.equal(server.requests[0]?.seed, counted?.response.request.seed);
  });

  it('leaves no trace in the ledger while it waits for its turn, and can be cancelled there', async () => {
    const server = await start();
    const deps = worker();
    const full = { hasRoom: false, begin: () => assert.fail('nobody may be let in'), end: () => {} };
    const cancel = new AbortController();
    const waiting = askTeacher(
      { ...deps, client: { ...deps.client, gate: new SendGate(full) } },
      call({ signal: cancel.signal }),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    cancel.abort(new CancelledFailure('CANCELLED'));
    await assert.rejects(waiting, CancelledFailure);
    assert.deepEqual([await attempts(), server.requests], [[], []]);
  });

  describe('for fresh samples', () => {
    it('asks for another one after a bad answer', async () => {
      let asked = 0;
      const server = await start({ script: () => ({ text: asked++ === 0 ? 'bad' : 'good' }) });
      const result = await askTeacher(worker(), call());
      assert.deepEqual(
        [result.outcome, result.counted?.response.answer.text, result.sent],
        ['answered', 'good', 2],
      );
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
      assert.deepEqual([result.outcome, result.counted?.response.answer.kind], ['answered', 'truncated']);
    });

    it('counts an answer without content as unparsable', async () => {
      await start({ fault: () => ({ body: { choices: [] } }) });
      assert.equal((await askTeacher(worker(), call({ freshSamples: 0 }))).outcome, 'unparsable');
    });
  });

  describe('whose chat answer cannot be read', () => {
    const isRepair = ({ body }: Pick<LoggedRequest, 'body'>) => (body.messages as object[]).length === 3;
    const script: Script = (request) => ({ text: isRepair(request) ? 'good' : 'bad' });

    it('shows the model its error once, and takes the corrected answer', async () => {
      const server = await start({ script });
      const result = await askTeacher(worker(), call({ body: chat }));
      assert.deepEqual(
        [result.outcome, result.counted?.response.answer.text, result.sent],
        ['answered', 'good', 2],
      );
      assert.deepEqual(server.requests.map(isRepair), [false, true]);
      assert.deepEqual(await kinds(), ['unparsable', 'answered']);
    });

    it('finds both answers again and asks for neither', async () => {
      const server = await start({ script });
      const first = await askTeacher(worker(), call({ body: chat }));
      const again = await askTeacher(worker(), call({ body: chat }));
      assert.deepEqual([again.sent, again.fromStore, server.requests.length], [0, 2, 2]);
      assert.deepEqual(again.counted, first.counted);
    });

    it('goes on from a repair that was asked for before a crash', async () => {
      let isDown = false;
      const server = await start({ fault: () => (isDown ? { reset: 'before' } : undefined) });
      server.script = (request) => {
        if (isRepair(request)) isDown = true;
        return { text: 'bad' };
      };
      await assert.rejects(askTeacher(worker(), call({ body: chat, freshSamples: 1 })));
      isDown = false;
      server.script = ({ seed }) => ({ text: seed === server.requests[0]?.seed ? 'bad' : 'good' });
      const { sent, fromStore } = await askTeacher(worker(), call({ body: chat, freshSamples: 1 }));
      assert.deepEqual([sent, fromStore], [1, 2]);
    });

    it('is not shown its error with repair: false', async () => {
      const server = await start({ script });
      const one = call({ body: chat, repair: false, freshSamples: 1 });
      assert.deepEqual(
        [(await askTeacher(worker(), one)).outcome, server.requests.map(isRepair)],
        ['unparsable', [false, false]],
      );
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

  describe('from a worker that is told to end', () => {
    const stopping = new Error('the worker stops');

    it('finishes the request in flight, stores its answer, and sends no other one', async () => {
      const server = await start({ script: () => ({ text: 'bad' }) });
      const ending = worker();
      server.fault = () => {
        ending.client.gate.close(stopping);
        return undefined;
      };
      await assert.rejects(askTeacher(ending, call()), stopping);
      assert.deepEqual([server.requests.length, await kinds()], [1, ['unparsable']]);
    });

    it('leaves the rest to the next one, which finds what was stored', async () => {
      const server = await start({ script: ({ seed }) => ({ text: seed === first ? 'bad' : 'good' }) });
      const ending = worker();
      let first: number | null = null;
      server.fault = ({ seed }) => {
        first ??= seed;
        ending.client.gate.close(stopping);
        return undefined;
      };
      await assert.rejects(askTeacher(ending, call()), stopping);
      const client = createTeacherClient({ baseUrl: server.baseUrl, apiKeyEnv: null, timeoutMs: 5000 });
      const { outcome, sent, fromStore } = await askTeacher({ ...worker(), client }, call());
      assert.deepEqual([outcome, sent, fromStore], ['answered', 1, 1]);
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
      const one = call();
      await askTeacher(worker(), one);
      const { knownUsd, unknownUsd } = sumLedger(await attempts());
      const { promptTokens, completionTokens } = server.billed;
      const bill = (promptTokens * 2.5 + completionTokens * 10) / 1e6;
      assert.deepEqual(one.book.spend().usd, unknownUsd);
      assert.ok(knownUsd === 0 && (unknownUsd ?? 0) >= bill, `${knownUsd} ${unknownUsd} ${bill}`);
    });

    it('do not know a cost without a price', async () => {
      await start();
      const one = call({ price: null });
      await askTeacher(worker(), one);
      assert.deepEqual(one.book.spend(), { calls: 1, tokens: 6, usd: null });
    });
  });
});
