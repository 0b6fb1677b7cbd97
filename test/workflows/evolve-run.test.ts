import assert from 'node:assert/strict';
import type { EvolutionReport, VariantRow } from '../../activities/deita/export-evolution.js';
import type { Ranking } from '../../activities/rows.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { ScorerPair } from '../../activities/student-messages.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import type { PreferencePair } from '../../methods/deita/preference-pairs.js';
import { readJson, readJsonlAt } from '../../store/artifacts.js';
import { BatchServer } from '../batch-server.js';
import { RunHarness } from '../run-harness.js';
import { rowsToEvolve, scriptedEvolution } from '../scripted-evolution.js';

describe('a run of DEITA’s evolution', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    const batches = new BatchServer({ steps: 1, script: scriptedEvolution() });
    harness = await RunHarness.start({ teacher: { script: scriptedEvolution(), also: batches.answer } });
  });
  after(() => harness.stop());

  const start = (model: string, evolve: object, rows = 6) =>
    harness.finishedRun(
      { method: 'evolve', evolve, teacher: { model } },
      { given: { data: rowsToEvolve(rows) } },
    );
  const exported = <Row>(runId: string, name: string) =>
    readJsonlAt<Row>(harness.store, runFiles(runId).dataset(name));
  const report = (runId: string) =>
    readJson<EvolutionReport>(harness.store, runFiles(runId).dataset('evolution.json'));
  const assertAddsUp = async (runId: string) =>
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);

  it('makes a variant of every instruction in each round, and ranks all of them', async () => {
    const runId = await start('complexity', { aspect: 'complexity', rounds: 2 });
    await assertAddsUp(runId);
    const variants = await exported<VariantRow>(runId, 'variants.jsonl');
    assert.equal(variants.length, 18);
    for (const { variant, score, survivors, eliminated } of variants) {
      // The scripted teacher ranks by length, and each variant adds to the one before.
      assert.deepEqual([score, survivors, eliminated], [variant + 1, 2, null]);
    }
    assert.equal((await exported<ScorerPair>(runId, 'scorer-pairs.jsonl')).length, 18);
    assert.deepEqual(await exported(runId, 'train.jsonl'), []);
    assert.deepEqual((await report(runId)).survivors, [0, 0, 6]);
  });

  it('makes better responses, and pairs of a better and a worse one', async () => {
    const runId = await start('quality', { aspect: 'quality', rounds: 3, minMargin: 2 });
    await assertAddsUp(runId);
    const pairs = await exported<PreferencePair>(runId, 'dpo.jsonl');
    assert.deepEqual(
      pairs.slice(0, 2).map(({ prompt, rejected, margin }) => ({ prompt, rejected, margin })),
      [
        { prompt: 'What is thing 0 good for?', rejected: 'Thing 0 helps at home.', margin: 3 },
        { prompt: 'What is thing 0 good for?', rejected: pairs[1]?.rejected, margin: 2 },
      ],
    );
    assert.equal(pairs.length, 12);
    const train = await exported<{ messages: { content: string }[] }>(runId, 'train.jsonl');
    assert.deepEqual(
      train.map(({ messages }) => messages[1]?.content),
      pairs.filter((_, n) => n % 2 === 0).map(({ chosen }) => chosen),
    );
  });

  it('goes by the Batch API, to the same variants as call by call', async () => {
    const evolve = { aspect: 'quality', rounds: 2 };
    const start = (teacher: object) =>
      harness.finishedRun(
        { method: 'evolve', evolve, teacher: { model: 'batches', reuse: 'run', ...teacher } },
        { given: { data: rowsToEvolve(4) } },
      );
    const byBatch = await start({ mode: 'batch', batchPollSeconds: 0.1 });
    await assertAddsUp(byBatch);
    const oneByOne = await start({});
    const pairs = await exported(byBatch, 'dpo.jsonl');
    assert.equal(pairs.length, 8);
    assert.deepEqual(pairs, await exported(oneByOne, 'dpo.jsonl'));
  });

  it('says in its status how many variants were kept', async () => {
    const runId = await start('status', { aspect: 'quality', rounds: 1 });
    const status = await readStatus(harness.store, runId);
    assert.equal(status.stopReason, '1 rounds of variants are made and ranked');
    assert.deepEqual([status.candidates, status.accepted, status.undecided], [6, 6, 0]);
    assert.equal(status.calls.planned, 18);
  });

  it('shows the variants of an origin in an order that is drawn, and gives each its own score', async () => {
    const runId = await start('order', { aspect: 'complexity', rounds: 3 }, 12);
    const plan = await readJsonlAt<{ deita: { order: number[] } }>(
      harness.store,
      roundFiles(runId, 4).phase('rank').plan,
    );
    assert.ok(new Set(plan.map(({ deita }) => deita.order.join())).size > 4);
    const rankings = await readJsonlAt<Ranking>(harness.store, roundFiles(runId, 4).rankings);
    for (const { scores } of rankings) assert.deepEqual(scores, [1, 2, 3, 4]);
  });
});
