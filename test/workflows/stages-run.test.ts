import assert from 'node:assert/strict';
import { givenSkill } from '../../activities/skillmix/skill-lists.js';
import type { ScoredRow, SelectionRow } from '../../activities/rows.js';
import { runFiles } from '../../activities/run-files.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { RunHarness, until } from '../run-harness.js';
import { withScores } from '../scripted-deita.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { answer } from '../scripted-teacher.js';

interface LineageRow {
  id: string;
  instruction: string;
  place: { status: string };
  scored?: ScoredRow;
  selection?: SelectionRow;
}

const stages = {
  score: { scorer: 'judge' },
  select: { size: 6, embedder: 'vectors', tau: 0.9999 },
  teachers: { vectors: { form: 'embedding' }, scorer: { form: 'chat' } },
  generation: { teachers: { complexity: 'scorer', quality: 'scorer' } },
};
const mix = {
  skills: Array.from({ length: 8 }, (_, n) => givenSkill(`skill_${n}`)),
  'query-types': [{ name: 'Type', definition: 'Asks.' }],
};

describe('DEITA’s stages behind generation', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    const others = { vectors: {}, scorer: { script: withScores(answer) } };
    harness = await RunHarness.start({ teacher: { script: withScores(answer) }, others });
  });
  after(() => harness.stop());

  const rowsOf = (runId: string, name: string) =>
    readJsonlAt<LineageRow>(harness.store, runFiles(runId).dataset(name));
  const assertAddsUp = async (runId: string) =>
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);

  for (const [method, changes] of Object.entries({
    'SeDi-Instruct': { signal: 'train' },
    'Self-Instruct': { method: 'self-instruct' },
  })) {
    it(`select from what ${method} has generated`, async () => {
      const runId = await harness.finishedRun({ ...stages, ...changes, target: 20 });
      await assertAddsUp(runId);
      const [lineage, surplus] = [await rowsOf(runId, 'lineage.jsonl'), await rowsOf(runId, 'surplus.jsonl')];
      assert.equal(lineage.length, 6);
      assert.ok(lineage.every(({ selection, scored }) => selection?.verdict === 'selected' && scored?.score));
      const left = surplus.filter(({ place }) => place.status === 'not-selected');
      assert.equal(left.length, 14);
      const { state, stopReason, scoring, accepted } = await readStatus(harness.store, runId);
      assert.deepEqual([state, stopReason, scoring?.rows], ['finished', 'target reached', 20]);
      assert.ok(accepted >= 20);
    });
  }

  it('select from what Instruct-SkillMix has generated', async () => {
    harness.teacher.script = withScores(scriptedSkillMix());
    const lists = { skills: { from: 'file', file: 's' }, queryTypes: { from: 'file', file: 'q' } };
    const runId = await harness.finishedRun(
      { ...stages, method: 'skillmix', target: 12, skillmix: lists },
      { given: mix },
    );
    harness.teacher.script = withScores(answer);
    await assertAddsUp(runId);
    assert.equal((await rowsOf(runId, 'lineage.jsonl')).length, 6);
  });

  it('leave the dataset whole where they only score', async () => {
    const { select: _select, ...only } = stages;
    const runId = await harness.finishedRun({
      ...only,
      teachers: { scorer: { form: 'chat' } },
      signal: 'none',
      target: 12,
    });
    await assertAddsUp(runId);
    const lineage = await rowsOf(runId, 'lineage.jsonl');
    assert.equal(lineage.length, 12);
    assert.ok(lineage.every(({ scored }) => scored?.score));
  });

  it('are left out by a run that is cancelled while it generates', async () => {
    const runId = await harness.startRun({ ...stages, signal: 'none', target: 500 });
    await until(() => harness.teacher.requests.length > 30);
    await harness.cancel(runId);
    await harness.result(runId);
    await assertAddsUp(runId);
    const { state, scoring } = await readStatus(harness.store, runId);
    assert.deepEqual([state, scoring], ['cancelled', null]);
  });
});
