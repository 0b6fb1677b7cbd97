import assert from 'node:assert/strict';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import { givenSkill } from '../../activities/skillmix/skill-lists.js';
import type { Candidate, Thresholds } from '../../activities/types.js';
import type { SelectionReport } from '../../activities/rows.js';
import { readChanges } from '../../client/changes.js';
import { verifyRun } from '../../client/verify.js';
import { readJson, readJsonlAt, writeJson } from '../../store/artifacts.js';
import { RunHarness } from '../run-harness.js';
import { withScores } from '../scripted-deita.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { answer } from '../scripted-teacher.js';

const mix = {
  skills: Array.from({ length: 8 }, (_, n) => givenSkill(`skill_${n}`)),
  'query-types': [{ name: 'Type', definition: 'Asks.' }],
};
const lists = { skills: { from: 'file', file: 's.txt' }, queryTypes: { from: 'file', file: 'q.txt' } };

describe('thresholds that change while their run is live', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    const mixed = scriptedSkillMix();
    const plain = withScores(answer);
    harness = await RunHarness.start({
      teacher: { script: (request) => (request.model === 'mix' ? mixed(request) : plain(request)) },
      others: { vectors: {} },
    });
  });
  after(() => harness.stop());

  /** A run whose thresholds are changed while its first call waits for an answer. */
  async function changedRun(
    model: string,
    thresholds: Thresholds,
    recipe: object,
    given = {},
  ): Promise<string> {
    const held = harness.teacher.hold((request) => request.model === model);
    const runId = await harness.startRun({ ...recipe, teacher: { model } }, { given });
    await held.reached;
    await harness.setThresholds(runId, thresholds);
    held.release();
    await harness.result(runId);
    return runId;
  }
  const candidates = (runId: string, round = 1) =>
    readJsonlAt<Candidate>(harness.store, roundFiles(runId, round).candidates);
  const problems = async (runId: string) => (await verifyRun(harness.store, runId)).problems;

  it('screen the round that is under way, and verify finds the same verdicts', async () => {
    const thresholds = { 'filter.poolThreshold': 0.2 };
    const stop = { maxRounds: 1 };
    const runId = await changedRun('strict', thresholds, { method: 'self-instruct', target: 500, stop });
    const round = await candidates(runId);
    const similar = round.flatMap(({ nearest, verdict }) =>
      nearest && 'id' in nearest && verdict.state === 'rejected' && verdict.reason === 'similar'
        ? [nearest.similarity]
        : [],
    );
    // The recipe's own is 0.7.
    assert.ok(
      similar.some((one) => one > 0.2 && one <= 0.7),
      `${similar}`,
    );
    assert.deepEqual(await problems(runId), []);
    const kept = roundFiles(runId, 1).thresholds('screened');
    assert.deepEqual(await readJson(harness.store, kept), thresholds);
    const [change] = await readChanges(harness.store, runId);
    assert.equal(change?.what, 'filter.poolThreshold 0.7 → 0.2');

    await writeJson(harness.store, kept, {});
    assert.match((await problems(runId)).join(), /have another verdict than a filter\.poolThreshold of 0\.7/);
  });

  it('decide what the gate lets pass', async () => {
    const recipe = { method: 'skillmix', target: 4, skillmix: lists, gate: {}, stop: { maxRounds: 1 } };
    const runId = await changedRun('mix', { 'gate.threshold': 6 }, recipe, mix);
    const decided = await candidates(runId);
    const scores = decided.flatMap(({ verdict, mix }) =>
      verdict.state === 'rejected' && verdict.reason === 'low-quality' ? [mix?.score] : [],
    );
    assert.ok(scores.includes(5), `${scores}`);
    assert.deepEqual(await problems(runId), []);
  });

  it('select', async () => {
    const teachers = { vectors: { form: 'embedding' } };
    const select = { size: 6, by: 'diversity', embedder: 'vectors', tau: 0.9999 };
    const runId = await changedRun('selected', { 'select.tau': -0.5 }, { target: 12, select, teachers });
    const report = await readJson<SelectionReport>(harness.store, runFiles(runId).selectionReport);
    assert.equal(report.tau, -0.5);
    assert.equal((await harness.status(runId)).loop?.hasSelected, true);
    assert.ok(report.selected < 6);
    assert.deepEqual(await problems(runId), []);
  });

  it('are refused where the run has none of them, or the value is none', async () => {
    const runId = await harness.startRun({ teacher: { model: 'checked' } });
    await harness.pause(runId);
    const refusals: [Thresholds, RegExp][] = [
      [{ 'gate.threshold': 3 }, /this run has no gate\.threshold to change; it has filter\.poolThreshold/],
      [{ 'select.tau': 'q0.9' }, /this run has no select\.tau/],
      [{ 'filter.poolThreshold': 1.5 }, /filter\.poolThreshold must be a number from 0 to 1, not 1\.5/],
      [{}, /name a threshold to set: filter\.poolThreshold/],
    ];
    for (const [thresholds, message] of refusals) {
      await assert.rejects(harness.setThresholds(runId, thresholds), (error: Error) => {
        assert.match(String(error.cause), message);
        return true;
      });
    }
    assert.equal((await harness.status(runId)).settings.thresholds, undefined);
  });
});
