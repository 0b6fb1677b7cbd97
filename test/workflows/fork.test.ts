import assert from 'node:assert/strict';
import type { CallRow } from '../../activities/rows.js';
import { roundFiles } from '../../activities/run-files.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { forkRun } from '../fork-run.js';
import { RunHarness, until } from '../run-harness.js';
import { withScores } from '../scripted-deita.js';
import { answer, scriptedTeacher } from '../scripted-teacher.js';
import { readDataset } from './dataset.js';

const several = { target: 30, generation: { callsPerRound: 1 } };

describe('a fork', () => {
  let harness: RunHarness;
  let parent: string;
  let rounds: number;

  before(async function () {
    this.timeout(0);
    // Another model answers otherwise.
    const other = scriptedTeacher({ salt: 'other' });
    const others = { vectors: {}, scorer: { script: withScores(answer) } };
    harness = await RunHarness.start({
      teacher: { script: (request) => (request.model === 'other' ? other(request) : answer(request)) },
      others,
    });
    parent = await harness.finishedRun(several);
    ({ round: rounds } = await readStatus(harness.store, parent));
    assert.ok(rounds > 3, `only ${rounds} rounds`);
  });
  after(() => harness.stop());

  /** What a fork came to, and how many requests it has sent. */
  const finished = async (request: Partial<Parameters<typeof forkRun>[1]>) => {
    const before = harness.teacher.requests.length;
    const runId = await forkRun(harness, { runId: parent, ...request });
    await harness.result(runId);
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    const status = await readStatus(harness.store, runId);
    return { runId, status, asked: harness.teacher.requests.length - before };
  };
  const callsOf = async (runId: string, round: number) =>
    await readJsonlAt<CallRow>(harness.store, roundFiles(runId, round).phase('instructions').calls(0));
  const refuses = (request: object, message: RegExp) =>
    assert.rejects(forkRun(harness, { runId: parent, ...request }), { name: 'UserError', message });

  it('without changes ends with its parent’s dataset, from any round, and asks the teacher nothing', async () => {
    for (const round of [1, 2, rounds - 1, rounds]) {
      const { runId, status, asked } = await finished({ runId: parent, round });
      assert.equal(asked, 0);
      const [one, other] = [await readDataset(harness, parent), await readDataset(harness, runId)];
      assert.deepEqual(other.comparable, one.comparable);
      assert.deepEqual(status.forkedFrom, { runId: parent, round, changed: [] });
      assert.deepEqual([status.state, status.round], ['finished', rounds]);
      assert.deepEqual(
        [status.calls.sent, status.calls.fromStore, status.costUsd],
        [0, status.calls.planned, 0],
      );
    }
    assert.deepEqual((await verifyRun(harness.store, parent)).problems, []);
  });

  it('goes on from the student that the round had trained, and knows what each round came to', async () => {
    const { runId } = await finished({ runId: parent, round: 2, isNew: true });
    const read = async (id: string) => (await harness.status(id)).loop?.rounds;
    assert.deepEqual(await read(runId), await read(parent));
  });

  it('pays only for what its parent did not ask', async () => {
    const { runId, status, asked } = await finished({ runId: parent, set: ['target=45'] });
    assert.ok(status.accepted >= 45);
    assert.deepEqual(status.forkedFrom?.changed, ['target: 30 → 45']);
    assert.equal(status.forkedFrom?.round, rounds);
    assert.ok(asked > 0 && asked === status.calls.sent);
    const known = await verifyRun(harness.store, parent);
    const more = await verifyRun(harness.store, runId);
    // Each on its own books: together they are the provider's bill.
    assert.equal(known.attempts.sent + more.attempts.sent, known.calls.planned + asked);
    const ids = (await readDataset(harness, runId)).lineage.map(({ id }) => id);
    const first = (await readDataset(harness, parent)).lineage.map(({ id }) => id);
    assert.ok(first.every((id) => ids.includes(id)));
  });

  it('has thresholds of its own, and knows by which ones the rounds before it were decided', async () => {
    const { runId, status } = await finished({
      round: 2,
      set: ['filter.poolThreshold=0.7', 'target=35', 'stop.stallYield=0'],
    });
    assert.ok((status.rejected.similar ?? 0) > 0);
    const at = (round: number) => harness.store.read(roundFiles(runId, round).thresholds('screened'));
    assert.match(String(await at(2)), /"filter.poolThreshold":0\.85/);
    assert.equal(await at(3), undefined);
  });

  it('has another teacher for the rounds behind its own', async () => {
    const { runId } = await finished({ runId: parent, round: 2, set: ['teacher.model=other'] });
    assert.deepEqual(await callsOf(runId, 2), await callsOf(parent, 2));
    const models = (await callsOf(runId, 3)).map(({ model }) => model);
    assert.deepEqual([...new Set(models)], ['other']);
  });

  it('adds a stage to a run that only generated', async () => {
    const set = [
      'score.scorer=judge',
      'select={size: 6, embedder: vectors, tau: 0.9999}',
      `teachers.vectors=${teacherAt('vectors', 'embedding')}`,
      `teachers.scorer=${teacherAt('scorer', 'chat')}`,
      'generation.teachers={complexity: scorer, quality: scorer}',
    ];
    const { runId, asked } = await finished({ runId: parent, set });
    assert.equal(asked, 0);
    assert.equal((await readDataset(harness, runId)).train.length, 6);

    // And again with another size: everything that was asked is stored.
    const scored = harness.others.scorer?.requests.length;
    const again = await finished({ runId, set: ['select.size=4'] });
    assert.equal((await readDataset(harness, again.runId)).train.length, 4);
    assert.equal(harness.others.scorer?.requests.length, scored);
    assert.equal(again.status.forkedFrom?.round, rounds);
  });

  it('of a fork stands on its own when both that it comes from are gone', async () => {
    const one = await finished({ runId: parent, round: 3, isNew: true });
    const other = await finished({ runId: one.runId, round: 1, set: ['target=20'] });
    for (const runId of [one.runId]) {
      for (const name of await harness.store.list(runId)) await harness.store.remove(name);
    }
    assert.deepEqual((await verifyRun(harness.store, other.runId)).problems, []);
    const texts = await Promise.all(
      (await harness.store.list(other.runId)).map(async (name) => String(await harness.store.read(name))),
    );
    assert.ok(texts.every((text) => !text.includes(`"${one.runId}/`)));
  });

  it('of a reviewed run keeps what was decided, and is reviewed itself', async () => {
    // A second: nothing asserts how long it takes.
    const review = { timeoutHours: 1 / 3_600, onTimeout: 'reject' };
    const reviewed = await harness.finishedRun({ ...several, review, stop: { maxRounds: 3, stallYield: 0 } });
    const { runId, status, asked } = await finished({
      runId: reviewed,
      round: 2,
      set: ['review.onTimeout=approve'],
    });
    assert.equal(asked, 0);
    assert.deepEqual([status.round, status.rejected.review === undefined], [3, false]);
    assert.ok(status.accepted > 0);
    assert.doesNotMatch(String(await harness.store.read(roundFiles(runId, 2).review)), new RegExp(reviewed));
  });

  it('is the same one when it is asked for again, unless a new one is wanted', async () => {
    const request = { runId: parent, round: 1, set: ['target=12'] };
    const first = await forkRun(harness, request);
    assert.equal(await forkRun(harness, request), first);
    await harness.result(first);
    assert.equal(await forkRun(harness, request), first);
    assert.notEqual(await forkRun(harness, { ...request, isNew: true }), first);
    assert.notEqual(await forkRun(harness, { ...request, round: 2 }), first);
    assert.notEqual(await harness.startRun(several), parent);
  });

  it('of which nothing but the pointer and some files were written is completed', async () => {
    const request = { runId: parent, round: 2, set: ['target=13'] };
    const { store } = harness;
    const first = await finished(request);
    // As a command leaves it that is killed while it copies: the manifest comes last.
    for (const name of await store.list(first.runId)) {
      if (!name.includes('/rounds/001/')) await store.remove(name);
    }
    const again = await finished(request);
    assert.equal(again.runId, first.runId);
    assert.equal(again.asked, 0);
    assert.equal(again.status.state, 'finished');
  });

  it('begins behind the last whole round of a run that is under way', async () => {
    const held = harness.teacher.hold(
      (request) => request.model === 'slow' && harness.requestsFor('slow').length > 12,
    );
    const slow = await harness.startRun({ ...several, teacher: { model: 'slow' } });
    await held.reached;
    const { round } = await until(async () => {
      const status = await readStatus(harness.store, slow);
      return status.round > 1 && status;
    });
    await refuses(
      { runId: slow, round },
      new RegExp(`^round ${round} of ${slow} is not complete in the store`),
    );
    const runId = await forkRun(harness, { runId: slow, set: ['target=4'] });
    await harness.result(runId);
    assert.equal((await readStatus(harness.store, runId)).forkedFrom?.round, round - 1);
    await harness.cancel(slow, { now: true });
    held.release();
    await harness.result(slow);
    // The round in which a run was cancelled is not a whole one.
    const last = await readStatus(harness.store, slow);
    await refuses({ runId: slow, round: last.round }, /is not complete/);
    const rest = await finished({ runId: slow, round: last.round - 1, set: ['target=20'] });
    assert.equal(rest.status.state, 'finished');
  });

  it('is refused for what is not there', async () => {
    await refuses({ runId: 'nobody' }, /^no run nobody in file:/);
    await refuses({ runId: 'Not an id' }, /cannot be a run id/);
    await refuses(
      { round: rounds + 1 },
      new RegExp(`^round ${rounds + 1} of .* is not complete .*rounds 1 to ${rounds} are`),
    );
  });

  it('is refused a change that its rounds contradict, with the reason', async () => {
    await refuses({ set: ['method=self-instruct', 'signal=none'] }, /--set method: .* were made by sedi/);
    await refuses({ set: ['seed=2'] }, /--set seed: .*every draw of rounds 1 to/);
    await refuses({ set: ['heldout={share: 0.3}'] }, /--set heldout\.share: /);
    await refuses({ set: ['student.loraRank=4'] }, /--set student\.loraRank: .*adapter that fits no other/);
    await refuses(
      { set: ['generation.prompts=one-call', 'generation.answers=classify'] },
      /--set generation\.prompts: /,
    );
    await refuses(
      { set: ['teacher.form=chat'] },
      /has form: chat; the stored answers were given to form: completion/,
    );
    await refuses({ set: ['decontaminate=bench.jsonl'] }, /--set decontaminate: /);
    await refuses({ set: ['scan={email: reject}'] }, /--set scan: .*examples of rounds 1 to .* were scanned/);
    await refuses({ set: ['stop.maxRounds=no'] }, /^--set: stop\.maxRounds: /);
    await refuses({ set: ['no.such=1'] }, /--set: no: no such key/);
  });

  /** A teacher of another server of the harness, as YAML on one line. */
  function teacherAt(name: string, form: string): string {
    const baseUrl = harness.others[name]?.baseUrl;
    return JSON.stringify({ endpoint: 'openai', model: name, id: name, baseUrl, form, price: null }).replace(
      ',"price":null',
      '',
    );
  }
});
