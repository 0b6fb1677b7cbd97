import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CallReport } from '../../workflows/messages.js';
import { RecentCalls } from '../../workflows/recent-calls.js';

const second = 1_000;

function report(changes: Partial<CallReport> = {}): CallReport {
  return { runId: 'run-a', phase: 'tasks', calls: 0, requests: 0, tokens: 0, estimate: 1_000, ...changes };
}

/** As many calls of one size. */
function made(calls: number, tokens: number, changes: Partial<CallReport> = {}): CallReport {
  return report({ calls, requests: calls, tokens: calls * tokens, ...changes });
}

describe('RecentCalls', () => {
  it('knows nothing before anybody has reported', () => {
    assert.equal(new RecentCalls().needs(0), null);
  });

  it('goes by the estimate until there are calls', () => {
    const calls = new RecentCalls();
    calls.add(report(), 0);
    assert.deepEqual(calls.needs(0), { requests: 1, tokens: 1_000 });
  });

  it('comes down from a high estimate slowly and ends at what calls really need', () => {
    const calls = new RecentCalls();
    const seen = Array.from({ length: 40 }, (_, n) => {
      calls.add(made(20, 100), n * second);
      return calls.needs(n * second)?.tokens ?? 0;
    });
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => b - a),
    );
    assert.ok((seen[0] as number) > 120, `${seen[0]}`);
    assert.ok((seen.at(-1) as number) < 101, `${seen.at(-1)}`);
  });

  it('never says more than the largest call or less than the smallest one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1 }), (sizes) => {
        const calls = new RecentCalls();
        for (const [n, size] of sizes.entries()) calls.add(made(1, size, { estimate: 500 }), n * second);
        const tokens = calls.needs(sizes.length * second)?.tokens ?? 0;
        const all = [...sizes, 500];
        assert.ok(tokens >= Math.min(...all) - 1e-6 && tokens <= Math.max(...all) + 1e-6);
      }),
    );
  });

  it('says so when a kind of call begins, and when it begins again', () => {
    const calls = new RecentCalls();
    assert.equal(calls.add(report(), 0), true);
    calls.add(made(50, 100), 5 * second);
    assert.equal(calls.add(made(5, 100), 10 * second), false);
    assert.equal(calls.add(made(5, 100), 300 * second), true);
  });

  it('says so as long as every report changes much', () => {
    const calls = new RecentCalls();
    calls.add(report(), 0);
    assert.deepEqual(
      [16, 32, 50].map((n) => calls.add(made(n, 100), n * second)),
      [true, true, false],
    );
  });

  it('makes room for a kind that has just begun, however few its calls are', () => {
    const calls = new RecentCalls();
    for (let n = 0; n < 100; n += 1) calls.add(made(50, 100, { estimate: 100 }), n * second);
    calls.add(report({ phase: 'answers', estimate: 2_000 }), 100 * second);
    assert.equal(calls.needs(100 * second)?.tokens, 2_000);
  });

  it('mixes kinds by how many calls they make once they are known', () => {
    const calls = new RecentCalls();
    for (let n = 0; n <= 200; n += 1) {
      calls.add(made(30, 100, { estimate: 100 }), n * second);
      calls.add(made(10, 500, { estimate: 500, runId: 'run-b' }), n * second);
    }
    const { tokens } = calls.needs(200 * second) as { tokens: number };
    assert.ok(Math.abs(tokens - 200) < 5, `${tokens}`);
  });

  it('remembers what a kind needed when it begins again', () => {
    const calls = new RecentCalls();
    for (let n = 0; n < 100; n += 1) calls.add(made(50, 100), n * second);
    calls.add(report(), 10_000 * second);
    assert.ok((calls.needs(10_000 * second)?.tokens ?? 0) < 110);
  });

  it('takes a call for one request at least', () => {
    const calls = new RecentCalls();
    calls.add(made(10, 100), 0);
    calls.add(report({ calls: 10, requests: 15, tokens: 100 }), 0);
    assert.ok((calls.needs(0)?.requests ?? 0) > 1.1);
  });

  it('forgets a run that has left', () => {
    const calls = new RecentCalls();
    calls.add(report(), 0);
    calls.add(report({ runId: 'run-b', estimate: 7 }), 0);
    calls.forget('run-a');
    assert.equal(calls.needs(0)?.tokens, 7);
  });

  it('survives being written down', () => {
    const calls = new RecentCalls();
    calls.add(made(30, 100), 5);
    const copy = new RecentCalls(JSON.parse(JSON.stringify(calls.snapshot())));
    assert.deepEqual(copy.needs(10), calls.needs(10));
  });
});
