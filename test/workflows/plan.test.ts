import assert from 'node:assert/strict';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { givenSkill } from '../../activities/skillmix/skill-lists.js';
import { makePlan } from '../../client/plan/make-plan.js';
import { measure, nothingMeasured } from '../../client/plan/measure.js';
import { verifyRun } from '../../client/verify.js';
import { readJson } from '../../store/artifacts.js';
import type { Script } from '../openai-server.js';
import { RunHarness } from '../run-harness.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { scriptedTeacher } from '../scripted-teacher.js';
import { testSeeds } from '../test-seeds.js';

const skills = Array.from({ length: 40 }, (_, n) => givenSkill(`skill_${n}`));
const queryTypes = Array.from({ length: 4 }, (_, n) => ({ name: `Type ${n}`, definition: `Asks for ${n}.` }));
const given = { skills, 'query-types': queryTypes };
const lists = { skills: { from: 'file', file: 's.txt' }, queryTypes: { from: 'file', file: 'q.txt' } };

const sourceRows = Array.from({ length: 12 }, (_, n) => ({
  row: n + 1,
  instruction: `Analyse the figures of case ${n}.`,
  response: `They rise by ${n} percent.`,
}));
const extractions = {
  prompting: { from: 'prompting', topics: 4, perTopic: 5, minNewShare: 0.5 },
  dataset: { from: 'dataset', file: 'd.jsonl', rows: 12, embedder: 'vectors', neighbours: 0.7 },
};

const mix = scriptedSkillMix({ cutOff: 0.2 });
const loop = scriptedTeacher();
/** Runs at the one server are told apart by their models. */
const both: Script = (request) => (request.model.startsWith('mix') ? mix(request) : loop(request));

describe('the plan of a run', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { script: both }, others: { vectors: {} } });
  });
  after(() => harness.stop());

  /** A small run, then the plan of a larger one with another seed, then that one: planned ÷ came, figure by figure. */
  const ratios = async (keys: Record<string, unknown>, options: { first: number; target: number }) => {
    const { first, target } = options;
    const pilot = await harness.finishedRun({ ...keys, target: first }, { given });
    const stored = await readJson<StoredRecipe>(harness.store, runFiles(pilot).recipe);
    const recipe = { ...stored, seed: 2, target };
    const planned = await makePlan({
      recipe,
      seeds: testSeeds(),
      given,
      measured: await measure(harness.store, recipe),
    });
    assert.ok(planned.phases.every(({ basis }) => basis.from === 'measured'));
    const runId = await harness.finishedRun({ ...keys, seed: 2, target }, { given });
    const { calls, attempts, tokens, costUsd } = await verifyRun(harness.store, runId);
    const { total } = planned;
    return {
      calls: total.calls / calls.planned,
      requests: total.requests / attempts.sent,
      promptTokens: total.promptTokens / tokens.prompt,
      completionTokens: total.completionTokens / tokens.completion,
      usd: (total.usd ?? Number.NaN) / (costUsd ?? Number.NaN),
    };
  };
  const assertNear = (found: Record<string, number>, most: number) => {
    for (const [name, ratio] of Object.entries(found)) {
      assert.ok(Math.abs(ratio - 1) < most, `${name}: planned ÷ came is ${ratio}`);
    }
  };

  it('of SkillMix comes true within a tenth after a small one', async () => {
    const found = await ratios(
      {
        method: 'skillmix',
        teacher: { model: 'mix' },
        skillmix: { ...lists, shirkers: { kind: 'junk', share: 0.2 } },
        gate: {},
      },
      { first: 40, target: 100 },
    );
    assertNear(found, 0.1);
  });

  it('of a loop comes true within a fifth: how many candidates pass changes as the pool grows', async () => {
    const found = await ratios(
      { teacher: { model: 'loop' }, signal: 'none', generation: { callsPerRound: 10 } },
      { first: 50, target: 120 },
    );
    assertNear(found, 0.2);
  });

  for (const [from, skills] of Object.entries(extractions)) {
    it(`takes what an extraction from ${from} needs from an earlier one`, async () => {
      const runId = await harness.finishedRun(
        {
          method: 'skillmix',
          target: 1,
          teacher: { model: `mix-${from}` },
          teachers: { vectors: { form: 'embedding' } },
          skillmix: { extractOnly: true, skills, queryTypes: { from: 'prompting', count: 4 } },
        },
        { given: { 'source-rows': sourceRows } },
      );
      const recipe = await readJson<StoredRecipe>(harness.store, runFiles(runId).recipe);
      const measured = await measure(harness.store, recipe);
      const rows = { 'source-rows': sourceRows };
      const planned = await makePlan({ recipe, seeds: [], given: rows, measured });
      const { calls } = await verifyRun(harness.store, runId);
      assert.equal(Math.round(planned.total.calls), calls.planned);
      assert.deepEqual([planned.examples, planned.perAccepted], [0, null]);
      assert.ok(planned.rates.every(({ basis }) => basis.from === 'measured'));
    });
  }

  it('rests on nothing that another teacher did', async () => {
    const runId = await harness.startRun(
      { method: 'skillmix', teacher: { model: 'mix-other' }, skillmix: lists, target: 1 },
      { given },
    );
    const recipe = await readJson<StoredRecipe>(harness.store, runFiles(runId).recipe);
    await harness.result(runId);
    const other = { ...recipe, endpoints: { default: { ...recipe.endpoints.default, model: 'mix-none' } } };
    const measured = await measure(harness.store, other as StoredRecipe);
    assert.deepEqual(measured, nothingMeasured());
  });

  it('is what its method is assumed to need where nothing was measured, and unknown where there is no price', async () => {
    const pilot = await harness.startRun(
      { method: 'skillmix', teacher: { model: 'mix-last' }, skillmix: lists, target: 1 },
      { given },
    );
    const recipe = await readJson<StoredRecipe>(harness.store, runFiles(pilot).recipe);
    await harness.result(pilot);
    const endpoints = { default: { ...recipe.endpoints.default, price: null } };
    const planned = await makePlan({
      recipe: { ...recipe, target: 100, endpoints } as StoredRecipe,
      seeds: [],
      given,
      measured: nothingMeasured(),
    });
    assert.deepEqual(
      planned.phases.map(({ calls }) => calls),
      [100, 0, 100, 100, 0],
    );
    assert.ok(planned.phases.every(({ basis }) => basis.from === 'assumed'));
    assert.equal(planned.total.usd, null);
    assert.ok(planned.total.promptTokens > 100 * 1000);
  });
});
