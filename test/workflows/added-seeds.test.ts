import assert from 'node:assert/strict';
import type { RefinedRound } from '../../activities/refine-seeds.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { PlanRow } from '../../activities/rows.js';
import type { HeldOutRow, Seed } from '../../activities/types.js';
import { readChanges } from '../../client/changes.js';
import { findExample } from '../../client/example/find-example.js';
import { originsOf } from '../../client/export/origins.js';
import { openDataset } from '../../client/export/run-dataset.js';
import { verifyRun } from '../../client/verify.js';
import { parseSeeds } from '../../methods/seed-format.js';
import { readJson, readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import { addSeedsUpdate } from '../../workflows/messages.js';
import { holdAfter } from '../hold-after.js';
import { type RecipeChanges, RunHarness } from '../run-harness.js';
import { testSeeds } from '../test-seeds.js';
import { readDataset } from './dataset.js';

const animals = ['ant', 'bee', 'cow', 'dog', 'eel', 'fox', 'gnu', 'hen', 'ibis', 'jay', 'kiwi', 'lynx'];
const more: Seed[] = parseSeeds(
  animals
    .map((animal) => ({
      instruction: `Tell me where the ${animal} sleeps during long winters, and why.`,
      output: `The ${animal} sleeps where it is warm.`,
      source: 'zoo',
      licence: 'CC-BY-4.0',
    }))
    .map((row) => JSON.stringify(row))
    .join('\n'),
).seeds;

describe('seed tasks that are added while their run is live', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { latencyMs: 5 } });
  });
  after(() => harness.stop());

  /** A run that gets them in its first round. */
  async function runWithMore(model: string, changes: RecipeChanges = {}): Promise<string> {
    const held = holdAfter(harness.teacher, { model, lists: 1 });
    const runId = await harness.startRun({ target: 60, ...changes, teacher: { model } });
    await held.reached;
    await harness.addSeeds(runId, more);
    held.release();
    await harness.result(runId);
    return runId;
  }
  const rows = <Row>(name: string) => readJsonlAt<Row>(harness.store, name, { missing: 'empty' });
  const problems = async (runId: string) => (await verifyRun(harness.store, runId)).problems;

  for (const method of ['sedi', 'self-instruct']) {
    it(`join the seeds of the next round, once (${method})`, async () => {
      const runId = await runWithMore(`joins ${method}`, { method });
      const ids = more.map(({ id }) => id);
      const joined = await rows<Seed>(roundFiles(runId, 2).joinedSeeds);
      assert.deepEqual(joined, more);
      assert.deepEqual(await rows(roundFiles(runId, 1).joinedSeeds), []);
      assert.deepEqual(await rows(roundFiles(runId, 3).joinedSeeds), []);
      const pool = (await rows<Seed>(roundFiles(runId, 2).seedPool)).map(({ id }) => id);
      assert.deepEqual(
        ids.filter((id) => !pool.includes(id)),
        [],
      );
      const shown = async (round: number) =>
        (await rows<PlanRow>(roundFiles(runId, round).phase('instructions').plan)).flatMap(
          ({ seedIds }) => seedIds,
        );
      assert.ok((await shown(2)).some((id) => ids.includes(id)));
      assert.ok(!(await shown(1)).some((id) => ids.includes(id)));
      const { note } = await readJson<RefinedRound>(harness.store, roundFiles(runId, 1).refined);
      assert.match(note, /\. Added by people: 12 seed tasks\.$/);
      assert.deepEqual(await problems(runId), []);
      const [change] = await readChanges(harness.store, runId);
      assert.equal(change?.what, '12 seed tasks added from more.jsonl');
    });
  }

  it('are part of what the dataset is made of: lineage, licences, one example’s seeds', async () => {
    const runId = await runWithMore('lineage');
    const { lineage } = await readDataset(harness, runId);
    const ids = new Set(more.map(({ id }) => id));
    const child = lineage.find(({ seedIds }) => seedIds.some((id) => ids.has(id)));
    assert.ok(child, 'no example was made from an added seed');
    assert.deepEqual((child as unknown as { seedLicences: string[] }).seedLicences, ['CC-BY-4.0']);
    const dataset = await openDataset(harness.store, runId);
    const origins = await originsOf(harness.store, dataset);
    assert.deepEqual([origins.licences, origins.sources], [['CC-BY-4.0'], ['zoo']]);
    assert.equal(origins.count, testSeeds().length + more.length);
    const { seeds } = await findExample(harness.store, {
      runId,
      rounds: dataset.result.rounds,
      wanted: child.id,
    });
    assert.ok(seeds.some(({ licence, origin }) => licence === 'CC-BY-4.0' && origin === 'human'));
  });

  it('are left out, with a word in the round’s note, where their file cannot be read or holds none', async () => {
    const model = 'unreadable';
    const held = holdAfter(harness.teacher, { model, lists: 1 });
    const runId = await harness.startRun({ target: 60, teacher: { model } });
    await held.reached;
    const rows = [{ id: 'x', instruction: 'Say where the newt sleeps.' }];
    const foreign = await writeJsonl(harness.store, 'other.jsonl', rows);
    const missing = { ...foreign, sha256: 'a'.repeat(64) };
    await writeJsonl(harness.store, runFiles(runId).addedSeeds(foreign.sha256), rows);
    for (const { sha256, count } of [foreign, missing]) {
      const seeds = { uri: runFiles(runId).addedSeeds(sha256), sha256, count };
      await harness.handle(runId).executeUpdate(addSeedsUpdate, {
        args: [{ by: 'ann', seeds, file: 'more.jsonl' }],
      });
    }
    held.release();
    assert.equal((await harness.result(runId)).state, 'finished');
    const { note, addedSeeds } = await readJson<RefinedRound>(harness.store, roundFiles(runId, 1).refined);
    assert.match(
      note,
      /\. Added seed tasks are left out: row 1 of .* is no seed task\. Added .* is missing in /,
    );
    assert.equal(addedSeeds, undefined);
    assert.deepEqual(await problems(runId), []);
  });

  it('are found out when they are changed in the store', async () => {
    const runId = await runWithMore('changed', { target: 30 });
    const [first, ...others] = more;
    const name = roundFiles(runId, 2).joinedSeeds;
    await writeJsonl(harness.store, name, [{ ...first, instruction: 'Another.' }, ...others]);
    assert.match((await problems(runId)).join(), /round 2: 1 seed tasks joined that nobody has added/);
  });

  it('are not taken where they are there already, or held out, or have the id of others', async () => {
    const held = holdAfter(harness.teacher, { model: 'refused', lists: 1 });
    const runId = await harness.startRun({ teacher: { model: 'refused' } });
    await held.reached;
    await assert.rejects(
      harness.addSeeds(runId, testSeeds()),
      /nothing has changed: \d+ of \d+ tasks are seeds of .* already/,
    );
    const [heldOut] = await rows<HeldOutRow>(runFiles(runId).heldOut);
    const [seed] = more as [Seed];
    await assert.rejects(
      harness.addSeeds(runId, [{ ...seed, instruction: heldOut?.instruction as string }]),
      /1 of 1 tasks are too near to a held-out task/,
    );
    const [known] = testSeeds() as [Seed];
    await assert.rejects(harness.addSeeds(runId, [{ ...seed, id: known.id }]), /is that of another task of/);
    await harness.addSeeds(runId, more);
    assert.equal((await harness.status(runId)).settings.addedSeeds?.length, 1);
    await harness.addSeeds(runId, more).then(
      () => assert.fail('the same tasks were taken twice'),
      (error: Error) => assert.match(String(error.cause ?? error), /already|added before/),
    );
    held.release();
  });
});
