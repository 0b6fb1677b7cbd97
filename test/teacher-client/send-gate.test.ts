import assert from 'node:assert/strict';
import type { Pass } from '../../activities/teacher-client/adaptive-limit.js';
import { SendGate } from '../../activities/teacher-client/send-gate.js';

const pass: Pass = { window: 0, nth: 0, level: 1 };
const answered = { isRateLimited: false };

/** A limit that stays as it is set, in place of one that learns. */
class FixedLimit {
  inFlight = 0;
  most: number;
  readonly ended: boolean[] = [];

  constructor(most: number) {
    this.most = most;
  }

  get hasRoom(): boolean {
    return this.inFlight < this.most;
  }

  begin(): Pass {
    this.inFlight += 1;
    return pass;
  }

  end(_pass: Pass, { isRateLimited }: { isRateLimited: boolean }): void {
    this.inFlight -= 1;
    this.ended.push(isRateLimited);
  }
}

describe('SendGate', () => {
  const never = new AbortController().signal;

  it('lets requests through in the order in which they came', async () => {
    const gate = new SendGate(new FixedLimit(1));
    const order: number[] = [];
    await gate.enter(never);
    const later = [1, 2, 3].map(async (n) => {
      const mine = await gate.enter(never);
      order.push(n);
      gate.leave(mine, answered);
    });
    assert.deepEqual(order, []);
    gate.leave(pass, answered);
    await Promise.all(later);
    assert.deepEqual(order, [1, 2, 3]);
  });

  it('lets as many through as there is room for when the limit has grown', async () => {
    const limit = new FixedLimit(1);
    const gate = new SendGate(limit);
    await gate.enter(never);
    const waiting = [gate.enter(never), gate.enter(never), gate.enter(never)];
    limit.most = 3;
    gate.leave(pass, answered);
    await Promise.all(waiting);
    assert.equal(limit.inFlight, 3);
  });

  it('tells its limit which requests were turned away', async () => {
    const limit = new FixedLimit(1);
    const gate = new SendGate(limit);
    gate.leave(await gate.enter(never), { isRateLimited: true });
    assert.deepEqual(limit.ended, [true]);
  });

  it('lets go of a request that is given up while it waits, and of its place', async () => {
    const limit = new FixedLimit(1);
    const gate = new SendGate(limit);
    await gate.enter(never);
    const giving = new AbortController();
    const given = gate.enter(giving.signal);
    const next = gate.enter(never);
    giving.abort(new Error('cancelled'));
    await assert.rejects(given, /cancelled/);
    gate.leave(pass, answered);
    await next;
    assert.equal(limit.inFlight, 1);
  });

  it('lets nobody in who has given up already', async () => {
    const gate = new SendGate(new FixedLimit(1));
    await assert.rejects(gate.enter(AbortSignal.abort(new Error('cancelled'))), /cancelled/);
  });
});

describe('SendGate, once it is closed', () => {
  const never = new AbortController().signal;
  const reason = new Error('the worker stops');

  it('turns away who waits and who comes', async () => {
    const gate = new SendGate(new FixedLimit(1));
    await gate.enter(never);
    const waiting = gate.enter(never);
    gate.close(reason);
    await assert.rejects(waiting, reason);
    await assert.rejects(gate.enter(never), reason);
  });

  it('still knows what is in flight, and lets nobody in when that ends', async () => {
    const gate = new SendGate(new FixedLimit(2));
    const passes = [await gate.enter(never), await gate.enter(never)];
    gate.close(reason);
    assert.equal(gate.inFlight, 2);
    for (const one of passes) gate.leave(one, answered);
    assert.equal(gate.inFlight, 0);
    await assert.rejects(gate.enter(never), reason);
  });
});
