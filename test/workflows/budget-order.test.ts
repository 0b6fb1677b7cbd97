import assert from 'node:assert/strict';
import fc from 'fast-check';
import { noBudget } from '../../workflows/budget.js';
import { isWithin, Phase, plus } from './budget-model.js';

describe('shards and their desk, whatever happens in whatever order', () => {
  const plans = fc
    .array(
      fc.record({
        calls: fc.integer({ min: 1, max: 12 }),
        window: fc.integer({ min: 1, max: 4 }),
        highest: fc.record({
          calls: fc.integer({ min: 1, max: 3 }),
          tokens: fc.integer({ min: 1, max: 50 }),
          usd: fc.integer({ min: 0, max: 40 }).map((n) => n / 1000),
        }),
        costs: fc.array(fc.constantFrom(0, 0.2, 0.5, 1), { minLength: 1, maxLength: 5 }),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((all) => all.map((plan, n) => ({ ...plan, id: `shard-${n}` })));
  const limit = (max: number) => fc.option(fc.integer({ min: 1, max }));
  const budget = fc.record({
    usd: fc.option(fc.integer({ min: 1, max: 900 }).map((n) => n / 1000)),
    calls: limit(60),
    tokens: limit(1500),
  });
  const order = fc.array(fc.nat(), { minLength: 200, maxLength: 600 });

  it('never spend more than the budget, and stop only where no call fits', () => {
    fc.assert(
      fc.property(plans, budget, fc.integer({ min: 1, max: 3 }), order, (plans, budget, lanes, order) => {
        const phase = new Phase({ budget, plans: structuredClone(plans), lanes });
        playOut(phase, order);
        if (phase.shards.length === 0) return assert.equal(phase.waiting.length, 0);
        // Nobody has anything to do: then nothing fits, and the desk says so.
        assert.match(phase.desk.stuck() ?? '', /are spent, and the next call may need/);
        for (const { plan } of phase.shards) {
          assert.ok(!isWithin(plus(phase.exposure, plan.highest), budget), `${plan.id} would fit`);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('go on after a larger budget, or none, to their end', () => {
    fc.assert(
      fc.property(plans, budget, fc.integer({ min: 1, max: 3 }), order, (plans, budget, lanes, order) => {
        const phase = new Phase({ budget, plans: structuredClone(plans), lanes });
        playOut(phase, order);
        phase.setBudget({ usd: 1000, calls: 100_000, tokens: null });
        playOut(phase, order);
        phase.setBudget(noBudget);
        playOut(phase, order);
        assert.deepEqual([phase.shards.length, phase.waiting.length], [0, 0]);
      }),
      { numRuns: 500 },
    );
  });

  it('keep to a budget that changes in the middle, but for what was in flight', () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.oneof(budget, fc.constant(noBudget))), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(
        plans,
        budget,
        changes,
        fc.integer({ min: 1, max: 3 }),
        order,
        (plans, first, changes, lanes, order) => {
          const phase = new Phase({ budget: first, plans: structuredClone(plans), lanes });
          for (const [steps, next] of changes) {
            playOut(phase, order.slice(0, steps), { check: false, toEnd: false });
            phase.setBudget(next);
          }
          // The changes reach everybody before the next call is made.
          const atChange = phase.exposure;
          for (const shard of phase.shards) while (shard.toShard.length > 0) shard.receive();
          playOut(phase, order, { check: false });
          const { budget } = phase.settings;
          const isOver = !isWithin(phase.exposure, budget);
          assert.ok(
            !isOver || !isWithin(atChange, budget),
            'over a budget that was not used up when it was set',
          );
          if (phase.shards.length > 0) assert.notEqual(phase.desk.stuck(), null);
        },
      ),
      { numRuns: 1000 },
    );
  });

  /** Takes steps in the given order until nobody has one to take; then whatever comes first. */
  function playOut(phase: Phase, order: number[], { check = true, toEnd = true } = {}): void {
    for (let n = 0; ; n += 1) {
      const steps = phase.steps();
      if (steps.length === 0 || (!toEnd && n >= order.length)) return;
      assert.ok(n < 5000, 'they go round in circles');
      const taken = (order[n] ?? n) % steps.length;
      (steps[taken] as () => void)();
      if (check) assert.ok(isWithin(phase.exposure, phase.settings.budget), 'over the budget');
      const isIdle = phase.shards.every((shard) => shard.inFlight === 0 && !shard.canSchedule());
      assert.ok(isIdle || phase.desk.stuck() === null, 'stuck, and yet somebody is at work');
    }
  }
});
