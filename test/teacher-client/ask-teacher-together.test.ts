import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import { type AskDeps, askTeacher } from '../../activities/ask-teacher.js';
import { asking, ledger } from './asking.js';

describe('asking a teacher', () => {
  const { start, worker, call, attempts, kinds, until } = asking();

  describe('by several at once', () => {
    it('sends one request for two calls of one process', async () => {
      const server = await start({ latencyMs: 50 });
      const shared = worker();
      const [one, two] = await Promise.all([
        askTeacher(shared, call()),
        askTeacher(shared, call({ ledger: { name: ledger, callIndex: 1, activity: 'wf/1', attempt: 1 } })),
      ]);
      assert.equal(server.requests.length, 1);
      assert.deepEqual([one.sent, one.fromStore, two.sent, two.fromStore], [1, 0, 0, 1]);
    });

    it('gives two processes the same answer, and the loser a duplicate in the ledger', async () => {
      let asked = 0;
      const server = await start({ script: () => ({ text: `answer ${asked++}` }) });
      // Neither finds the other's answer before it asks.
      const { release } = server.hold();
      const both = Promise.all([askTeacher(worker(), call()), askTeacher(worker(), call())]);
      await until(() => server.requests.length === 2);
      release();
      const [one, two] = await both;
      assert.equal(server.requests.length, 2);
      assert.equal(one.counted?.response.answer.text, two.counted?.response.answer.text);
      assert.deepEqual((await kinds()).sort(), ['answered', 'duplicate']);
    });

    for (const where of ['before its turn', 'behind its intent'] as const) {
      it(`does not ask for what another process has stored while this one stood still ${where}`, async () => {
        const server = await start();
        const stopped = worker();
        const { store } = stopped.responses;
        const append = store.append.bind(store);
        const now = Date.now;
        const standStill = async () => {
          Date.now = () => now() + 30_000;
          await askTeacher(worker(), call());
        };
        if (where === 'behind its intent') {
          store.append = async (log) => {
            store.append = append;
            await append(log);
            await standStill();
          };
        }
        try {
          const turn = where === 'before its turn' ? standStill : async () => {};
          const result = await askTeacher({ ...stopped, turn }, call());
          assert.deepEqual([result.outcome, result.sent, result.fromStore], ['answered', 0, 1]);
          assert.equal(server.requests.length, 1);
          const outcomes = (await attempts()).map(({ outcome }) => [outcome?.kind, outcome?.costUsd]);
          assert.deepEqual(outcomes.sort(), [
            ['aborted', 0],
            ['answered', 0.00003],
          ]);
        } finally {
          Date.now = now;
        }
      });
    }

    it('gives each call that is refused a row of its own', async () => {
      await start({ latencyMs: 50, fault: () => ({ status: 400 }) });
      const shared = worker();
      await Promise.all([
        askTeacher(shared, call()),
        askTeacher(shared, call({ ledger: { name: ledger, callIndex: 1, activity: 'wf/1', attempt: 1 } })),
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
        askTeacher(shared, call({ ledger: { name: ledger, callIndex: 1, activity: 'wf/1', attempt: 1 } })),
      ]);
      assert.deepEqual([one.status, two.status], ['rejected', 'fulfilled']);
    });
  });

  describe('that is given up', () => {
    const givenUp = async (why: string, server: { requests: unknown[] }, deps: AskDeps) => {
      const abort = new AbortController();
      const asking = askTeacher(deps, call({ signal: abort.signal }));
      await until(() => server.requests.length > 0);
      abort.abort(new CancelledFailure(why));
      return asking;
    };

    it('ends the request on a cancel and leaves it unknown in the ledger', async () => {
      const server = await start({ latencyMs: 60_000 });
      await assert.rejects(givenUp('CANCELLED', server, worker()), CancelledFailure);
      await until(async () => (await kinds())[0] !== 'unknown');
      const [attempt] = await attempts();
      assert.deepEqual([attempt?.outcome?.kind, attempt?.outcome?.bill], ['aborted', 'unknown']);
    });

    it('stores the late answer of an attempt that timed out', async () => {
      const server = await start({ latencyMs: 200 });
      const deps = worker();
      await assert.rejects(givenUp('TIMED_OUT', server, deps), CancelledFailure);
      await until(() => deps.flights.size === 0);
      assert.equal((await askTeacher(worker(), call())).fromStore, 1);
    });

    it('lets the next attempt wait for the request of one that timed out', async () => {
      const server = await start({ latencyMs: 200 });
      const deps = worker();
      await assert.rejects(givenUp('TIMED_OUT', server, deps));
      const result = await askTeacher(
        deps,
        call({ ledger: { name: ledger, callIndex: 0, activity: 'wf/1', attempt: 2 } }),
      );
      assert.deepEqual([result.outcome, server.requests.length], ['answered', 1]);
    });

    it('finishes while the worker shuts down', async () => {
      const server = await start({ latencyMs: 100 });
      assert.equal((await givenUp('WORKER_SHUTDOWN', server, worker())).outcome, 'answered');
    });

    it('goes on for the other call that waits', async () => {
      const server = await start({ latencyMs: 200 });
      const deps = worker();
      const other = askTeacher(
        deps,
        call({ ledger: { name: ledger, callIndex: 1, activity: 'wf/1', attempt: 1 } }),
      );
      await assert.rejects(givenUp('CANCELLED', server, deps));
      assert.deepEqual([(await other).outcome, server.requests.length], ['answered', 1]);
    });
  });
});
