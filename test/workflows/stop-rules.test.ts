import assert from 'node:assert/strict';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { RunHarness } from '../run-harness.js';
import { scriptedTeacher } from '../scripted-teacher.js';
import { readDataset } from './dataset.js';

/** Runs that cannot reach their target; a run's model is named like its rule. */
const rules = {
  maxRounds: { maxRounds: 2 },
  maxCallsPerAccepted: { maxCallsPerAccepted: 1.1 },
  stall: { stallRounds: 2, stallYield: 0.3 },
};
type Rule = keyof typeof rules;

describe('a run that does not reach its target', () => {
  let harness: RunHarness;
  const runIds = new Map<Rule, string>();

  before(async function () {
    this.timeout(0);
    // The same few instructions again and again.
    const repeating = scriptedTeacher({ nearDuplicates: 1 });
    const script: typeof repeating = (request) =>
      (request.model === 'stall' ? repeating : scriptedTeacher())(request);
    harness = await RunHarness.start({ teacher: { script } });
    for (const model of Object.keys(rules) as Rule[]) {
      const changes = { target: 500, signal: 'none', generation: { callsPerRound: 2 }, stop: rules[model] };
      runIds.set(model, await harness.startRun({ ...changes, teacher: { model } }));
    }
  });
  after(() => harness.stop());

  for (const [rule, words] of [
    ['maxRounds', /^maxRounds: 2 rounds/],
    ['maxCallsPerAccepted', /^maxCallsPerAccepted: \d+ calls for \d+ accepted/],
  ] as const) {
    describe(`because of ${rule}`, () => {
      it('finishes and names the rule', async () => {
        const { state, stopReason } = await harness.result(runIds.get(rule) as string);
        assert.equal(state, 'finished');
        assert.match(stopReason ?? '', words);
      });

      it('has played as many rounds as it says', async () => {
        const { loop } = await harness.result(runIds.get(rule) as string);
        const { rounds, ok } = await verifyRun(harness.store, runIds.get(rule) as string);
        assert.deepEqual([rounds, ok], [loop?.round, true]);
      });

      it('has everything that was accepted in its dataset', async () => {
        const { accepted } = await readStatus(harness.store, runIds.get(rule) as string);
        const { train, surplus } = await readDataset(harness, runIds.get(rule) as string);
        assert.deepEqual([train.length, surplus.length], [accepted, 0]);
        assert.ok(accepted > 0);
      });
    });
  }

  describe('because the teacher repeats itself', () => {
    it('pauses, and says how little was accepted and why', async () => {
      const { settings } = await harness.untilPaused(runIds.get('stall') as string);
      assert.equal(settings.paused?.by, 'stall');
      assert.match(settings.paused?.reason ?? '', /2 rounds in a row with under 30 % accepted.*similar \d+/);
    });

    it('plays on when somebody resumes it, and pauses again after as many rounds', async () => {
      const runId = runIds.get('stall') as string;
      const { loop } = await harness.status(runId);
      await harness.resume(runId);
      const again = await harness.untilPaused(runId);
      assert.equal(again.loop?.rounds.length, (loop?.rounds.length ?? 0) + 2);
    });

    it('can be cancelled, with a dataset of the little that there is', async () => {
      const runId = runIds.get('stall') as string;
      await harness.cancel(runId);
      await harness.result(runId);
      const { accepted, state } = await readStatus(harness.store, runId);
      assert.equal(state, 'cancelled');
      assert.equal((await readDataset(harness, runId)).train.length, accepted);
    });
  });
});
