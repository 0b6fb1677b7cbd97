import assert from 'node:assert/strict';
import { settingsChanges } from '../../client/settings-changes.js';
import { UserError } from '../../store/errors.js';
import { noBudget } from '../../workflows/budget.js';
import type { RunPlan } from '../../workflows/inputs.js';

const given = { teacher: 'default', plan: planOf('sedi') };

describe('settingsChanges', () => {
  it('puts what belongs together into one update', () => {
    const typed = ['budget.usd=20', 'requestsPerMinute=600', 'budget.calls=none', 'concurrency=80'];
    assert.deepEqual(settingsChanges(typed, given), [
      { update: 'setBudget', arg: { budget: { usd: 20, calls: null } } },
      { update: 'setConcurrency', arg: { teacher: 'default', concurrency: 80 } },
      { update: 'setLimits', arg: { teacher: 'default', requestsPerMinute: 600 } },
    ]);
  });

  it('refuses all of them for one that the run would not take', () => {
    assert.throws(
      () => settingsChanges(['budget.usd=20', 'concurrency=500'], given),
      /^UserError: budget\.usd=20 concurrency=500: nothing has changed: concurrency must be/,
    );
  });

  it('knows a target by the run that it is for', () => {
    assert.deepEqual(settingsChanges(['target=800'], given), [{ update: 'setTarget', arg: { target: 800 } }]);
    assert.throws(
      () => settingsChanges(['target=800'], { ...given, plan: planOf('deita') }),
      /nothing has changed: deita has no target: the rows that were given decide/,
    );
  });

  it('knows thresholds by the run that they are for', () => {
    const thresholds = { 'filter.poolThreshold': 0.85, 'select.tau': 0.9 };
    const plan = { ...planOf('sedi'), thresholds };
    assert.deepEqual(settingsChanges(['filter.poolThreshold=0.8', 'select.tau=q0.9'], { ...given, plan }), [
      { update: 'setThresholds', arg: { thresholds: { 'filter.poolThreshold': 0.8, 'select.tau': 'q0.9' } } },
    ]);
    for (const [typed, message] of [
      [
        'gate.threshold=3',
        /this run has no gate\.threshold to change; it has filter\.poolThreshold, select\.tau/,
      ],
      ['filter.poolThreshold=2', /must be a number from 0 to 1, not 2/],
      ['filter.poolThreshold=none', /a number is needed/],
      ['select.tau=near', /from -1 to 1 or a quantile like q0\.9, not near/],
    ] as const)
      assert.throws(() => settingsChanges([typed], { ...given, plan }), message);
  });

  for (const [typed, message] of [
    ['budget.usd', /expected key=value/],
    ['budget.eur=5', /no such key; there are target, budget\.usd, budget\.calls/],
    ['constructor=5', /no such key/],
    ['budget.usd=much', /"much" is no number; "none" takes a limit away/],
    ['budget.usd=', /"" is no number/],
    ['budget.usd=Infinity', /is no number/],
    ['concurrency=none', /from 1 to 200/],
    ['target=none', /a whole number is needed/],
    ['target=0', /target must be a whole number from 1/],
    ['target=2.5', /target must be a whole number from 1/],
    ['concurrency=500', /nothing has changed: concurrency must be a whole number from 1 to 200, not 500/],
    ['budget.calls=-1', /a budget of -1 calls is no limit; take it away with "none"/],
    ['tokensPerMinute=0', /tokensPerMinute must be a whole number above 0, not 0/],
  ] as const) {
    it(`refuses ${typed}`, () => {
      assert.throws(
        () => settingsChanges([typed], given),
        (error) => error instanceof UserError && message.test(error.message),
      );
    });
  }
});

function planOf(method: RunPlan['method']): RunPlan {
  const stop = { maxRounds: 1, maxCallsPerAccepted: 1, stallRounds: 1, stallYield: 0 };
  return {
    ...{ recipe: 'test', method, target: 500, ask: 'tasks', answer: [], teachers: {} },
    ...{ budget: noBudget, isPriced: true, student: null, stop },
  };
}
