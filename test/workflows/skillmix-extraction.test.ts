import assert from 'node:assert/strict';
import type { SkillRow } from '../../activities/rows.js';
import { runFiles } from '../../activities/run-files.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { loopId } from '../../workflows/ids.js';
import { RunHarness, until } from '../run-harness.js';
import { kindOf, scriptedSkillMix } from '../scripted-skillmix.js';

const queryTypes = { from: 'file', file: 'q.txt' };
const givenTypes = { 'query-types': [{ name: 'Planning', definition: 'A plan is wanted.' }] };
const rows = Array.from({ length: 30 }, (_, n) => ({
  row: n + 1,
  instruction: `Analyse the figures of case ${n}.`,
  response: `They rise by ${n} percent.`,
}));

describe('extraction of skills', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    const script = scriptedSkillMix();
    harness = await RunHarness.start({
      teacher: { script: (asked) => (asked.model === 'mute' ? { text: 'I cannot say.' } : script(asked)) },
      others: { vectors: {} },
      shutdownGraceTime: '2 minutes',
    });
  });
  after(() => harness.stop());

  const skillsOf = (runId: string) => readJsonlAt<SkillRow>(harness.store, runFiles(runId).skills);
  const assertAddsUp = async (runId: string) =>
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
  const phases = (model: string) =>
    new Set(harness.requestsFor(model).map(({ body }) => kindOf({ prompt: lastMessage(body) })));

  describe('by prompting', () => {
    const prompting = (keys: object = {}) => ({ from: 'prompting', topics: 8, perTopic: 5, ...keys });

    it('goes on until a round brings little that is new, then writes examples', async () => {
      const runId = await harness.finishedRun({
        method: 'skillmix',
        target: 6,
        teacher: { model: 'rounds' },
        skillmix: { skills: prompting({ minNewShare: 0.5 }) },
      });
      await assertAddsUp(runId);
      const { notes, accepted, round } = await readStatus(harness.store, runId);
      assert.equal(accepted, 6);
      assert.ok(
        notes.length >= 2 && round === notes.length + 1,
        `${notes.length} rounds extracted of ${round}`,
      );
      assert.match(notes[0]?.note ?? '', /^extraction: \d+ skills and 4 query types, \d+ names new$/);
      const skills = await skillsOf(runId);
      assert.ok(skills.every(({ topics, named }) => topics.length > 0 && named > 0));
      assert.ok(skills.every(({ skill }) => /^skill_\d+_\d$/.test(skill)));
    });

    it('asks each topic once, and shows the known ones', async () => {
      await harness.finishedRun({
        method: 'skillmix',
        target: 2,
        teacher: { model: 'topics' },
        skillmix: { skills: prompting({ maxRounds: 2, minNewShare: 0 }) },
      });
      const prompts = harness.requestsFor('topics').map(({ body }) => lastMessage(body));
      const asked = prompts.filter((prompt) => kindOf({ prompt }) === 'topicSkills');
      assert.equal(new Set(asked).size, asked.length);
      const second = prompts.filter((prompt) => kindOf({ prompt }) === 'topics')[1];
      assert.match(second ?? '', /Topic \d+/);
    });

    it('counts answers without a list, and ends the run with words for people when it finds too few skills', async () => {
      const runId = await harness.startRun({
        method: 'skillmix',
        target: 2,
        teacher: { model: 'mute' },
        skillmix: { skills: prompting({ maxRounds: 2 }) },
      });
      await assert.rejects(harness.result(runId));
      const { state, stopReason, calls } = await readStatus(
        harness.store,
        runId,
        await harness.status(runId),
      );
      assert.equal(state, 'failed');
      assert.match(
        stopReason ?? '',
        /extraction found 0 skills, but every example needs 2 \(calls of its last round failed as unparsable 2\): /,
      );
      // Nothing came of either round, so that neither ended the extraction.
      assert.deepEqual(calls.failed, { unparsable: 4 });
    });

    it('ends after it with `extractOnly`, with the lists as its dataset', async () => {
      const runId = await harness.finishedRun({
        method: 'skillmix',
        teacher: { model: 'only' },
        skillmix: { extractOnly: true, skills: prompting({ maxRounds: 1 }) },
      });
      await assertAddsUp(runId);
      const { stopReason, accepted } = await readStatus(harness.store, runId);
      assert.equal(stopReason, 'skills are extracted');
      assert.equal(accepted, 0);
      assert.ok(!phases('only').has('draft'));
      const files = runFiles(runId);
      assert.deepEqual(
        await readJsonlAt(harness.store, files.dataset('skills.jsonl')),
        await skillsOf(runId),
      );
    });

    it('still exports when it is cancelled in the middle', async () => {
      const runId = await harness.startRun({
        method: 'skillmix',
        target: 50,
        teacher: { model: 'cancelled', concurrency: 1 },
        skillmix: { skills: prompting() },
      });
      await until(() => harness.requestsFor('cancelled').length >= 3);
      await harness.cancel(runId);
      const { state } = await harness.result(runId);
      assert.equal(state, 'cancelled');
      await assertAddsUp(runId);
    });
  });

  describe('from a dataset', () => {
    const dataset = { from: 'dataset', file: 'd.jsonl', rows: 30, embedder: 'vectors', neighbours: 0.7 };

    it('merges the names that the teacher calls one skill, and keeps where they come from', async () => {
      const runId = await harness.finishedRun(
        {
          method: 'skillmix',
          target: 4,
          teacher: { model: 'dataset' },
          teachers: { vectors: { form: 'embedding' } },
          skillmix: { skills: dataset, queryTypes },
        },
        { given: { ...givenTypes, 'source-rows': rows } },
      );
      await assertAddsUp(runId);
      const skills = await skillsOf(runId);
      const merged = skills.filter(({ aliases }) => aliases.length > 0);
      assert.ok(merged.length > 0, 'nothing was merged');
      const names = skills.flatMap(({ skill, aliases }) => [skill, ...aliases]);
      assert.equal(new Set(names).size, names.length);
      for (const { rows: sources, named } of skills) {
        assert.ok(sources.length > 0 && sources.length <= named);
        assert.deepEqual(
          sources,
          [...new Set(sources)].sort((a, b) => a - b),
        );
      }
      assert.ok(harness.others.vectors?.requests.every(({ path }) => path === '/v1/embeddings'));
      assert.ok((harness.others.vectors?.requests.length ?? 0) > 0);
    });
  });

  it('replays to its end on another worker', async () => {
    const runId = await harness.startRun({
      method: 'skillmix',
      target: 6,
      teacher: { model: 'moved', concurrency: 2 },
      skillmix: { skills: { from: 'prompting', topics: 8, perTopic: 5, maxRounds: 2 } },
    });
    await until(() => harness.requestsFor('moved').length >= 8);
    await harness.stopWorkers();
    await harness.startWorkers();
    const { state } = await harness.result(runId);
    assert.equal(state, 'finished');
    await assertAddsUp(runId);
    // Its last word ends the run; the loop itself has ended a moment later.
    const loop = harness.client.workflow.getHandle(loopId(runId));
    await until(async () => (await loop.describe()).status.name !== 'RUNNING');
    assert.equal((await loop.describe()).status.name, 'COMPLETED');
  });
});

function lastMessage(body: Record<string, unknown>): string {
  return (body.messages as { content: string }[] | undefined)?.at(-1)?.content ?? '';
}
