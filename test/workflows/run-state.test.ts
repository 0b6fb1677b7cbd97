import assert from 'node:assert/strict';
import { noBudget } from '../../workflows/budget.js';
import { noCounts } from '../../workflows/counts.js';
import type { PhaseTeacher } from '../../workflows/inputs.js';
import { RunState } from '../../workflows/run-state.js';

const plan = { method: 'sedi', target: 500, budget: noBudget, isPriced: true, teachers: {} } as const;
const teacher: PhaseTeacher = {
  name: 'default',
  queue: 'teacher-default',
  requestTimeoutMs: 1_000,
  concurrency: 20,
  batchPollMs: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
};
const byKey = { by: 'provider', reason: 'the key was refused' };

describe('RunState', () => {
  it('gives every change a higher version, so that the newest settings win wherever they arrive', () => {
    const state = new RunState(plan);
    state.pause({ by: 'ann', reason: 'lunch' });
    state.resume({ by: 'ann' });
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
    state.resume({ by: 'ann' });
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

  it('says of every change who made it and what it was, until the store has it', () => {
    const teachers = { instructions: [teacher] };
    const state = new RunState({ ...plan, budget: { ...noBudget, usd: 10 }, teachers });
    state.setBudget({ by: 'ann', budget: { usd: 20, calls: 500 } });
    state.setTarget({ by: 'bob', target: 800 });
    state.setConcurrency({ by: 'bob', teacher: 'default', concurrency: 80 });
    state.setLimits({ by: 'bob', teacher: 'default', requestsPerMinute: 600 });
    state.blocked({ version: 5, pause: { by: 'budget', reason: '20 usd are spent' } });
    state.setBudget({ by: 'ann', budget: { usd: null } });
    state.pause({ by: 'ann', reason: 'lunch' });
    state.resume({ by: 'bob' });
    state.cancel({ by: 'ann', now: true });
    assert.deepEqual(
      state.unrecorded.map(({ version, by, what }) => `${version} ${by}: ${what}`),
      [
        '2 ann: budget.usd 10 → 20, budget.calls none → 500',
        '3 bob: target 500 → 800',
        '4 bob: default: concurrency 20 → 80',
        '5 bob: default: requestsPerMinute none → 600',
        '6 budget: paused: 20 usd are spent',
        '7 ann: budget.usd 20 → none; resumed',
        '8 ann: paused: lunch',
        '9 bob: resumed',
        '10 ann: cancelled, with calls in flight aborted',
      ],
    );
    const written = state.unrecorded.slice(0, 3);
    state.recorded(written);
    assert.deepEqual(
      state.unrecorded.map(({ version }) => version),
      [5, 6, 7, 8, 9, 10],
    );
  });

  describe('asked for another target', () => {
    const selecting = { phases: [], scorer: null, embedder: null, selects: true, size: 100 };
    const refusals: [string, Partial<typeof plan> | object, number, RegExp][] = [
      ['0', {}, 0, /whole number from 1 to 10000000, not 0/],
      ['half an example', {}, 1.5, /not 1\.5/],
      ['any where rows are given', { method: 'deita' }, 5, /deita has no target: the rows that were given/],
      ['any where rows are evolved', { method: 'evolve' }, 5, /evolve has no target/],
      ['fewer than are selected', { stages: selecting }, 99, /less than the 100 rows of select\.size/],
    ];
    for (const [what, changes, target, message] of refusals) {
      it(`refuses ${what}`, () => {
        const state = new RunState({ ...plan, ...changes });
        assert.throws(() => state.checkTarget({ by: 'ann', target }), message);
      });
    }

    it('refuses it once the run scores and selects', () => {
      const state = new RunState(plan);
      state.loop = {
        round: 3,
        step: 'selecting',
        shards: [],
        totals: noCounts(),
        rounds: [],
        hasGenerated: true,
      };
      assert.throws(() => state.checkTarget({ by: 'ann', target: 800 }), /generates nothing any more/);
    });

    it('refuses another select.tau once the selection is made, also while the run is paused behind it', () => {
      const state = new RunState({ ...plan, stages: selecting, thresholds: { 'select.tau': 0.9 } });
      const report = { round: 3, shards: [], totals: noCounts(), rounds: [] };
      const request = { by: 'ann', thresholds: { 'select.tau': 0.5 } };
      state.reported({ ...report, step: 'round done', hasGenerated: true });
      state.checkThresholds(request);
      state.pause({ by: 'ann', reason: 'lunch' });
      state.reported({ ...report, step: 'round done', hasGenerated: true, hasSelected: true });
      assert.throws(() => state.checkThresholds(request), /the selection has begun already/);
    });

    it('takes one that is lower than what is accepted', () => {
      const state = new RunState(plan);
      state.checkTarget({ by: 'ann', target: 1 });
      state.setTarget({ by: 'ann', target: 1 });
      assert.equal(state.target, 1);
    });
  });

  describe('asked to add seed tasks', () => {
    const sha256 = 'a'.repeat(64);
    const seeds = { uri: `run/added-seeds/${sha256}.jsonl`, sha256, count: 3 };
    const request = { by: 'ann', seeds, file: 'more.jsonl' };
    const run = { runId: 'run' };

    it('refuses them where the method has none', () => {
      for (const method of ['skillmix', 'deita', 'evolve'] as const)
        assert.throws(() => new RunState({ ...plan, method }).checkAddSeeds(request, run), /no seed tasks/);
    });

    it('takes a file once', () => {
      const state = new RunState(plan);
      state.checkAddSeeds(request, run);
      state.addSeeds(request);
      assert.throws(() => state.checkAddSeeds(request, run), /were added before/);
      assert.equal(state.unrecorded[0]?.what, '3 seed tasks added from more.jsonl');
    });

    it('refuses what is no file of seed tasks', () => {
      const state = new RunState(plan);
      const wrong = [
        { ...seeds, uri: 'other.jsonl' },
        { ...seeds, count: 0 },
        {} as typeof seeds,
        { ...seeds, uri: `another/added-seeds/${sha256}.jsonl` },
        { ...seeds, uri: `run/rounds/added-seeds/${sha256}.jsonl` },
        { uri: 'run/added-seeds/../../x.jsonl', sha256: '../../x', count: 1 },
      ];
      for (const seeds of wrong)
        assert.throws(
          () => state.checkAddSeeds({ ...request, seeds }, run),
          /no file of the run’s store|no seed/,
        );
    });
  });

  it('keeps names and reasons on one line, without escapes, and not longer than one reads', () => {
    const state = new RunState(plan);
    state.pause({ by: '\u001b[31mann\n', reason: `a\n\u001b]8;;http://x\u0007b ${'long '.repeat(1_000)}` });
    assert.equal(state.settings.paused?.by, 'ann');
    assert.match(state.unrecorded[0]?.what ?? '', /^paused: a b long [a-z …]{900,1000}$/);
  });

  it('takes no more changes, but for a cancel, while the store takes none', () => {
    const state = new RunState(plan);
    for (let n = 0; n < 100; n += 1) {
      state.pause({ by: 'ann', reason: 'lunch' });
      state.resume({ by: 'ann' });
    }
    assert.throws(() => state.checkPause(), /the store has not taken the last 200 changes/);
    state.checkCancel({ now: false });
  });

  it('carries everything across a continue-as-new', () => {
    const state = new RunState(plan);
    state.pause({ by: 'ann', reason: 'lunch' });
    state.phase = 'generating';
    const carried = new RunState(plan, JSON.parse(JSON.stringify(state.snapshot())));
    assert.deepEqual(carried.snapshot(), state.snapshot());
  });
});
