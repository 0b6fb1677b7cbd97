import assert from 'node:assert/strict';
import type { Budget, Spend } from '../../activities/types.js';
import { LeaseDesk, noBudget, nothing, Purse } from '../../workflows/budget.js';

const call: Spend = { calls: 2, tokens: 1000, usd: 0.003 };

describe('Purse', () => {
  it('affords a call only when its highest cost fits beside what is spent and reserved', () => {
    const purse = new Purse({ highest: call, lease: { calls: 4, tokens: 2500, usd: 1 } });
    purse.reserve();
    assert.ok(purse.canAfford());
    purse.reserve();
    assert.ok(!purse.canAfford());
    purse.settle({ calls: 1, tokens: 10, usd: 0.001 });
    assert.ok(!purse.canAfford(), 'one request is left, and a call may need two');
    purse.settle({ calls: 1, tokens: 10, usd: 0.001 });
    assert.ok(purse.canAfford());
  });

  it('books the whole reservation of a call that does not say what it cost', () => {
    const purse = new Purse({ highest: call, lease: null });
    purse.reserve();
    purse.settle(undefined);
    assert.deepEqual(purse.used, call);
  });

  it('compares dollars as whole nano-dollars, not as binary fractions', () => {
    const highest = { calls: 1, tokens: 1, usd: 0.1 };
    const purse = new Purse({ highest, lease: { calls: 9, tokens: 9, usd: 0.3 } });
    for (let n = 0; n < 3; n += 1) {
      assert.ok(purse.canAfford(), `call ${n}`);
      purse.reserve();
    }
    assert.ok(!purse.canAfford());
  });

  it('has no limit until there is a budget', () => {
    const purse = new Purse({ highest: call, lease: null });
    assert.deepEqual([purse.isLimited, purse.canAfford(), purse.left], [false, true, null]);
    purse.reserve();
    assert.deepEqual(purse.giveBack(), call);
    assert.deepEqual([purse.isLimited, purse.canAfford()], [true, false]);
  });
});

describe('LeaseDesk', () => {
  const settings = (budget: Partial<Budget>, version = 1) => ({
    budget: { ...noBudget, ...budget },
    version,
  });
  const open = (desk: LeaseDesk, ...shardIds: string[]) =>
    shardIds.map((shardId) => desk.begin({ shardId, highest: call, calls: 10 }));
  const ask = (shardId: string, more: object = {}) => ({
    shardId,
    number: 1,
    used: nothing,
    calls: 10,
    isIdle: true,
    ...more,
  });

  it('gives no lease where there is no budget', () => {
    const desk = new LeaseDesk({ ...settings({}), spent: nothing });
    assert.deepEqual(open(desk, 'a'), [null]);
  });

  it('leases what the first shards need, and the rest to the next one', () => {
    const desk = new LeaseDesk({ ...settings({ calls: 30 }), spent: { ...nothing, calls: 6 } });
    const [a, b, c] = open(desk, 'a', 'b', 'c');
    assert.deepEqual(a?.calls, 20);
    assert.deepEqual(b?.calls, 4);
    assert.deepEqual(c, { calls: 0, tokens: 0, usd: 0 });
  });

  it('is kept by the tightest of several limits', () => {
    const desk = new LeaseDesk({ ...settings({ usd: 0.01, calls: 100, tokens: 100_000 }), spent: nothing });
    assert.deepEqual(open(desk, 'a')[0], { calls: 6, tokens: 3000, usd: 0.009 });
  });

  it('gives what one hands back to another that waits', () => {
    const desk = new LeaseDesk({ ...settings({ calls: 20 }), spent: nothing });
    open(desk, 'a', 'b');
    assert.equal(desk.ask(ask('b')), null);
    assert.equal(desk.stuck(), null, 'a is at work');
    desk.close({ shardId: 'a', spent: { ...nothing, calls: 10 } });
    const [grant] = desk.grantUnmet();
    assert.deepEqual([grant?.shardId, grant?.lease.calls], ['b', 10]);
    assert.deepEqual(desk.grantUnmet(), []);
  });

  it('says why it is stuck, in figures, when all wait and nothing fits', () => {
    const desk = new LeaseDesk({
      ...settings({ calls: 3, usd: 1 }),
      spent: { calls: 2, tokens: 9, usd: 0.1 },
    });
    open(desk, 'a', 'b');
    desk.ask(ask('a'));
    assert.equal(desk.stuck(), null);
    desk.ask(ask('b', { isIdle: false }));
    assert.equal(desk.stuck(), null, 'b has calls in flight, which may give something back');
    desk.ask(ask('b', { number: 2 }));
    assert.equal(desk.stuck(), '2 of 3 calls are spent, and the next call may need 2 calls');
  });

  it('is stuck when the last shard that worked has closed and left too little', () => {
    const desk = new LeaseDesk({ ...settings({ calls: 2 }), spent: nothing });
    open(desk, 'a', 'b');
    desk.ask(ask('b'));
    desk.close({ shardId: 'a', spent: { ...nothing, calls: 1 } });
    assert.deepEqual(desk.grantUnmet(), []);
    assert.match(desk.stuck() ?? '', /^1 of 2 calls are spent/);
  });

  it('hands nothing out under a budget that came late before everyone has said what they use', () => {
    const desk = new LeaseDesk({ ...settings({}), spent: nothing });
    open(desk, 'a', 'b');
    desk.setBudget(settings({ calls: 100 }, 2));
    assert.equal(desk.ask(ask('a', { used: { ...nothing, calls: 50 } })), null);
    const grant = desk.ask(ask('b', { used: { ...nothing, calls: 44 } }));
    assert.deepEqual([grant?.lease.calls, grant?.version], [50, 2]);
  });

  it('names the settings that a lease is from, so that one from an older budget can be told', () => {
    const desk = new LeaseDesk({ ...settings({ calls: 2 }, 4), spent: nothing });
    open(desk, 'a', 'b');
    desk.ask(ask('b'));
    desk.setBudget(settings({ calls: 10 }, 5));
    assert.deepEqual(
      desk.grantUnmet().map(({ shardId, version }) => [shardId, version]),
      [['b', 5]],
    );
  });

  it('lets calls that cost nothing be made when the dollars are used up', () => {
    const free = { calls: 1, tokens: 10, usd: 0 };
    const desk = new LeaseDesk({ ...settings({ usd: 1 }), spent: { calls: 9, tokens: 9, usd: 1 } });
    assert.deepEqual(desk.begin({ shardId: 'a', highest: free, calls: 3 }), { calls: 3, tokens: 30, usd: 0 });
  });

  it('gives nothing where a price that a budget in dollars needs is unknown', () => {
    const unpriced = { ...call, usd: null };
    const desk = new LeaseDesk({ ...settings({ usd: 1 }), spent: nothing });
    assert.equal(desk.begin({ shardId: 'a', highest: unpriced, calls: 3 })?.calls, 0);
    desk.ask(ask('a'));
    assert.match(desk.stuck() ?? '', /an unknown number of dollars/);
  });

  it('takes a request of a shard that has closed for nothing', () => {
    const desk = new LeaseDesk({ ...settings({ calls: 10 }), spent: nothing });
    open(desk, 'a');
    desk.close({ shardId: 'a', spent: nothing });
    assert.equal(desk.ask(ask('a')), null);
    assert.equal(desk.stuck(), null);
  });
});
