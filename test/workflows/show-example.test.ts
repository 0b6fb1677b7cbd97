import assert from 'node:assert/strict';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { Candidate } from '../../activities/types.js';
import { findExample, readCall } from '../../client/example/find-example.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { RunHarness } from '../run-harness.js';
import { withScores } from '../scripted-deita.js';
import { answer } from '../scripted-teacher.js';

describe('one example of a run', () => {
  let harness: RunHarness;
  let runId: string;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { script: withScores(answer) } });
    runId = await harness.finishedRun({ signal: 'none', target: 10, score: { scorer: 'judge' } });
  });
  after(() => harness.stop());

  const find = (wanted: string) => findExample(harness.store, { runId, rounds: 20, wanted });
  const candidates = () => readJsonlAt<Candidate>(harness.store, roundFiles(runId, 1).candidates);

  it('is found by its id, with its seeds, its scores, and every call down to the stored answer', async () => {
    const [row] = await readJsonlAt<Candidate>(harness.store, runFiles(runId).dataset('lineage.jsonl'));
    const found = await find(row?.id as string);
    assert.deepEqual(
      found.calls.map(({ phase }) => phase),
      ['instructions', 'answers', 'complexity', 'quality'],
    );
    assert.deepEqual(
      found.seeds.map(({ id }) => id),
      row?.seedIds,
    );
    assert.equal(typeof found.scored?.score, 'number');
    assert.equal(found.turns[0]?.response, row?.output);
    const [asked, answered] = await Promise.all(
      found.calls.slice(0, 2).map((call) => readCall(harness.store, call)),
    );
    assert.ok(asked?.answer.text.includes(row?.instruction as string));
    assert.ok(JSON.stringify(answered?.request.body).includes(row?.instruction as string));
  });

  it('can be one that was rejected', async () => {
    const rejected = (await candidates()).find(({ verdict }) => verdict.state === 'rejected');
    assert.ok(rejected, 'the script makes bad candidates');
    const { verdict, place } = await find(rejected.id);
    assert.deepEqual([verdict, place], [rejected.verdict, null]);
  });

  it('is found by the beginning of its id, where only one begins so', async () => {
    const [{ id }] = (await candidates()) as [Candidate];
    assert.equal((await find(id.slice(0, 12))).id, id);
    await assert.rejects(find(''), /"" is the beginning of \d+ ids/);
    await assert.rejects(find('nobody'), /has no example "nobody"/);
  });
});
