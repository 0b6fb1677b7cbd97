import assert from 'node:assert/strict';
import type { GivenRow, SkillRow } from '../../activities/rows.js';
import { runFiles } from '../../activities/run-files.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { forkRun } from '../fork-run.js';
import { RunHarness } from '../run-harness.js';
import { scriptedScorer } from '../scripted-deita.js';
import { rowsToEvolve, scriptedEvolution } from '../scripted-evolution.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { answer } from '../scripted-teacher.js';
import { readDataset } from './dataset.js';

describe('a fork of', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ others: { vectors: {} } });
  });
  after(() => harness.stop());

  const requests = () =>
    harness.teacher.requests.length + (harness.others.vectors?.requests.length as number);
  /** What a fork came to, and how many requests it has sent. */
  const finished = async (request: Parameters<typeof forkRun>[1]) => {
    const before = requests();
    const runId = await forkRun(harness, request);
    await harness.result(runId);
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    return { runId, status: await readStatus(harness.store, runId), asked: requests() - before };
  };
  const refuses = (request: Parameters<typeof forkRun>[1], message: RegExp) =>
    assert.rejects(forkRun(harness, request), { name: 'UserError', message });
  const exported = async (runId: string, name: string) =>
    String(await harness.store.read(runFiles(runId).dataset(name))).replaceAll(runId, 'RUN');

  it('Self-Instruct has every round’s additions to the seeds', async () => {
    harness.teacher.script = answer;
    const changes = { method: 'self-instruct', target: 25, generation: { callsPerRound: 1 } };
    const parent = await harness.finishedRun(changes);
    for (const round of [1, 3]) {
      const { runId, asked } = await finished({ runId: parent, round });
      assert.equal(asked, 0);
      const [one, other] = [await readDataset(harness, parent), await readDataset(harness, runId)];
      assert.deepEqual(other.comparable, one.comparable);
    }
  });

  describe('Instruct-SkillMix', () => {
    let parent: string;
    let extractions: number;
    before(async () => {
      harness.teacher.script = scriptedSkillMix();
      parent = await harness.finishedRun({
        method: 'skillmix',
        target: 6,
        generation: { callsPerRound: 3 },
        skillmix: { skills: { from: 'prompting', topics: 8, perTopic: 5, minNewShare: 0.5 } },
      });
      extractions = (await readStatus(harness.store, parent)).notes.length;
      assert.ok(extractions >= 2);
    });
    const skillsOf = (runId: string) => readJsonlAt<SkillRow>(harness.store, runFiles(runId).skills);

    it('goes on with its extraction, or with its examples', async () => {
      const { round: rounds } = await readStatus(harness.store, parent);
      for (const round of [1, extractions, rounds - 1, rounds]) {
        const { runId, asked } = await finished({ runId: parent, round });
        assert.equal(asked, 0);
        const [one, other] = [await readDataset(harness, parent), await readDataset(harness, runId)];
        assert.deepEqual(other.comparable, one.comparable);
        assert.deepEqual(await skillsOf(runId), await skillsOf(parent));
      }
    });

    it('extracts no further once examples are written, and has no more skills than there are', async () => {
      const set = ['skillmix.skills.maxRounds=1'];
      const { runId } = await finished({ runId: parent, round: 1, set });
      assert.ok((await skillsOf(runId)).length < (await skillsOf(parent)).length);
      await refuses({ runId: parent, set }, /--set skillmix\.skills\.maxRounds: .*the skills are extracted/);
      await refuses(
        { runId: parent, set: ['skillmix.skills=none'] },
        /--set skillmix\.skills\.from: .*draws from the lists of its parent/,
      );
      const four = await finished({ runId: parent, round: extractions, set: ['skillmix.k=4', 'target=3'] });
      assert.ok(four.asked > 0);
    });
  });

  it('DEITA’s evolution makes more variants, and ranks anew', async () => {
    harness.teacher.script = scriptedEvolution();
    const parent = await harness.finishedRun(
      { method: 'evolve', evolve: { aspect: 'complexity', rounds: 2 } },
      { given: { data: rowsToEvolve(6) } },
    );
    for (const round of [1, 2, 3]) {
      const same = await finished({ runId: parent, round });
      assert.equal(same.asked, 0);
      for (const name of ['variants.jsonl', 'scorer-pairs.jsonl'])
        assert.equal(await exported(same.runId, name), await exported(parent, name));
    }
    const longer = await finished({ runId: parent, set: ['evolve.rounds=3'] });
    assert.deepEqual([longer.status.forkedFrom?.round, longer.status.accepted], [2, 18]);
    await refuses(
      { runId: parent, set: ['evolve.rounds=1'] },
      /--set evolve\.rounds: .*2 rounds of variants/,
    );
    await refuses({ runId: parent, set: ['evolve.aspect=quality'] }, /--set evolve\.aspect: /);
  });

  it('DEITA on given rows selects anew, from the scores that there are', async () => {
    harness.teacher.script = scriptedScorer();
    const parent = await harness.finishedRun(
      {
        method: 'deita',
        rowsPerRound: 10,
        teachers: { vectors: { form: 'embedding' } },
        score: { scorer: 'judge' },
        select: { size: 10, embedder: 'vectors', tau: 0.9999 },
      },
      { given: { data: rows } },
    );
    const same = await finished({ runId: parent });
    assert.deepEqual([same.asked, same.status.forkedFrom?.round], [0, 2]);
    for (const name of ['train.jsonl', 'lineage.jsonl', 'selection.jsonl'])
      assert.equal(await exported(same.runId, name), await exported(parent, name));
    const fewer = await finished({ runId: parent, set: ['select.size=4'] });
    assert.deepEqual([fewer.asked, fewer.status.forkedFrom?.round], [0, 2]);
    assert.equal((await exported(fewer.runId, 'train.jsonl')).trim().split('\n').length, 4);

    // Another judge: scores of two kinds cannot be compared, so that all of them are made again.
    const judged = await finished({ runId: parent, set: ['teacher.model=other'] });
    assert.deepEqual([judged.asked, judged.status.forkedFrom?.round], [60, 0]);
    await refuses({ runId: parent, set: ['rowsPerRound=5'] }, /--set rowsPerRound: /);
    await refuses({ runId: parent, round: 4 }, /round 4 of .* is not complete .*rounds 1 to 3 are/);
  });
});

const rows = Array.from(
  { length: 30 },
  (_, n): GivenRow => ({
    id: `r${n}`,
    row: n + 1,
    turns: [{ instruction: `What is ${n * 7919}?`, response: `A number: ${n}.` }],
    example: { instruction: `What is ${n * 7919}?`, output: `A number: ${n}.` },
  }),
);
