import assert from 'node:assert/strict';
import { settingsChanges } from '../../client/settings-changes.js';
import { UserError } from '../../store/errors.js';

describe('settingsChanges', () => {
  it('puts what belongs together into one update', () => {
    const typed = ['budget.usd=20', 'requestsPerMinute=600', 'budget.calls=none', 'concurrency=80'];
    assert.deepEqual(settingsChanges(typed, 'default'), [
      { update: 'setBudget', arg: { budget: { usd: 20, calls: null } } },
      { update: 'setConcurrency', arg: { teacher: 'default', concurrency: 80 } },
      { update: 'setLimits', arg: { teacher: 'default', requestsPerMinute: 600 } },
    ]);
  });

  for (const [typed, message] of [
    ['budget.usd', /expected key=value/],
    ['budget.eur=5', /no such key; there are budget\.usd, budget\.calls/],
    ['constructor=5', /no such key/],
    ['budget.usd=much', /"much" is no number; "none" takes a limit away/],
    ['budget.usd=', /"" is no number/],
    ['budget.usd=Infinity', /is no number/],
    ['concurrency=none', /from 1 to 200/],
  ] as const) {
    it(`refuses ${typed}`, () => {
      assert.throws(
        () => settingsChanges([typed], 'default'),
        (error) => error instanceof UserError && message.test(error.message),
      );
    });
  }
});
