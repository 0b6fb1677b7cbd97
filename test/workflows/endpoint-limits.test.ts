import assert from 'node:assert/strict';
import { noBudget } from '../../workflows/budget.js';
import { declaredLimits, lowest, noLimits, rateFor } from '../../workflows/endpoint-limits.js';
import type { PhaseTeacher } from '../../workflows/inputs.js';
import { RunState } from '../../workflows/run-state.js';

const strong: PhaseTeacher = {
  name: 'strong',
  queue: 'teacher-strong-1',
  requestTimeoutMs: 1_000,
  concurrency: 10,
  batchPollMs: null,
  requestsPerMinute: 600,
  tokensPerMinute: null,
};
const cheap: PhaseTeacher = { ...strong, name: 'cheap', queue: 'teacher-cheap-2', requestsPerMinute: null };
const teachers = { tasks: [strong, cheap] };

function run() {
  return new RunState({ method: 'sedi', target: 1, budget: noBudget, isPriced: true, teachers });
}

describe('limits of endpoints', () => {
  it('are the strictest of what runs ask for, each by itself', () => {
    assert.deepEqual(
      lowest([
        { requestsPerMinute: 100, tokensPerMinute: null },
        { requestsPerMinute: 60, tokensPerMinute: 5_000 },
        noLimits,
      ]),
      { requestsPerMinute: 60, tokensPerMinute: 5_000 },
    );
  });

  it('become calls per second by what one call needs', () => {
    const limits = { requestsPerMinute: 600, tokensPerMinute: 60_000 };
    assert.equal(rateFor(limits, { requests: 1, tokens: 10 }), 10);
    assert.equal(rateFor(limits, { requests: 2, tokens: 10 }), 5);
    assert.equal(rateFor(limits, { requests: 1, tokens: 500 }), 2);
  });

  it('make no rate where there are none', () => {
    assert.equal(rateFor(noLimits, { requests: 1, tokens: 10 }), null);
  });

  it('hold tokens before anything is known of the calls', () => {
    const rate = rateFor({ requestsPerMinute: null, tokensPerMinute: 60_000 }, null);
    assert.ok(rate !== null && rate > 0 && rate < 1, `${rate}`);
  });

  it('are declared by a run for each queue that has one', () => {
    assert.deepEqual(declaredLimits({ teachers }, run().settings), [
      { queue: 'teacher-strong-1', requestsPerMinute: 600, tokensPerMinute: null },
    ]);
  });

  it('are not declared for batches', () => {
    const batches = { tasks: [{ ...strong, batchPollMs: 60_000 }] };
    assert.deepEqual(declaredLimits({ teachers: batches }, run().settings), []);
  });
});

describe('limits of a run that is under way', () => {
  const by = 'ann';

  it('replace what the recipe says, and leave the others alone', () => {
    const state = run();
    state.setLimits({ by, teacher: 'strong', tokensPerMinute: 9_000 });
    assert.deepEqual(state.settings.limits, { strong: { requestsPerMinute: 600, tokensPerMinute: 9_000 } });
    assert.equal(state.settings.version, 2);
  });

  it('are taken away by null', () => {
    const state = run();
    state.setLimits({ by, teacher: 'strong', requestsPerMinute: null });
    assert.deepEqual(declaredLimits({ teachers }, state.settings), []);
  });

  it('can be given to a teacher that had none', () => {
    const state = run();
    state.setLimits({ by, teacher: 'cheap', requestsPerMinute: 30 });
    assert.deepEqual(
      declaredLimits({ teachers }, state.settings).map(({ queue }) => queue),
      ['teacher-strong-1', 'teacher-cheap-2'],
    );
  });

  for (const [limit, words] of [
    [0, /whole number above 0, not 0/],
    [-5, /not -5/],
    [1.5, /not 1.5/],
    [Number.NaN, /not NaN/],
  ] as const) {
    it(`cannot be ${limit}`, () => {
      assert.throws(() => run().checkLimits({ by, teacher: 'strong', requestsPerMinute: limit }), words);
      assert.throws(() => run().checkLimits({ by, teacher: 'strong', tokensPerMinute: limit }), words);
    });
  }

  it('name a teacher of the recipe', () => {
    assert.throws(
      () => run().checkLimits({ by, teacher: 'best', requestsPerMinute: 5 }),
      /no teacher "best" in this run; there are strong, cheap/,
    );
  });

  it('name a limit', () => {
    assert.throws(() => run().checkLimits({ by, teacher: 'strong' }), /name a limit/);
  });
});
