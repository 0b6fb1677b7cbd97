import assert from 'node:assert/strict';
import { noBudget } from '../../workflows/budget.js';
import { RunState } from '../../workflows/run-state.js';

const plan = { budget: noBudget, isPriced: true, teachers: {} };
const byKey = { by: 'provider', reason: 'the key was refused' };

describe('RunState', () => {
  it('gives every change a higher version, so that the newest settings win wherever they arrive', () => {
    const state = new RunState(plan);
    state.pause({ by: 'ann', reason: 'lunch' });
    state.resume();
    assert.equal(state.settings.version, 3);
    assert.equal(state.settings.paused, null);
  });

  it('refuses to pause a paused run and says who paused it', () => {
    const state = new RunState(plan);
    state.pause({ by: 'ann', reason: 'lunch' });
    assert.throws(() => state.checkPause(), /by ann: lunch/);
  });

  it('refuses to resume a run that is not paused', () => {
    assert.throws(() => new RunState(plan).checkResume(), /not paused/);
  });

  it('takes two hundred refused calls for one pause', () => {
    const state = new RunState(plan);
    for (let call = 0; call < 200; call += 1) state.blocked({ version: 1, pause: byKey });
    assert.equal(state.settings.version, 2);
    assert.deepEqual(state.settings.paused, byKey);
  });

  it('ignores a refusal from before somebody resumed', () => {
    const state = new RunState(plan);
    state.blocked({ version: 1, pause: byKey });
    state.resume();
    state.blocked({ version: 1, pause: byKey });
    assert.equal(state.settings.paused, null);
  });

  it('takes a patient cancel first and an immediate one after it, never the other way round', () => {
    const state = new RunState(plan);
    state.checkCancel({ now: false });
    state.cancel({ by: 'ann', now: false });
    state.checkCancel({ now: true });
    state.cancel({ by: 'ann', now: true });
    assert.throws(() => state.checkCancel({ now: false }), /already/);
    assert.equal(state.settings.cancel, 'now');
  });

  it('lifts a pause when it is cancelled, because a paused run would never end', () => {
    const state = new RunState(plan);
    state.pause({ by: 'ann', reason: 'lunch' });
    state.cancel({ by: 'ann', now: false });
    assert.equal(state.settings.paused, null);
    assert.equal(state.name, 'cancelling');
  });

  it('carries everything across a continue-as-new', () => {
    const state = new RunState(plan);
    state.pause({ by: 'ann', reason: 'lunch' });
    state.phase = 'generating';
    const carried = new RunState(plan, JSON.parse(JSON.stringify(state.snapshot())));
    assert.deepEqual(carried.status(), state.status());
  });
});
