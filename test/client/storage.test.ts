import assert from 'node:assert/strict';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import { claimRun, type RunInputs } from '../../client/run-identity.js';
import { allRuns } from '../../client/runs.js';
import { bytesInWords } from '../../client/storage/bytes.js';
import { findPrunable, removePrunable } from '../../client/storage/prune.js';
import { findRun, removeRun } from '../../client/storage/remove-run.js';
import { storeUsage } from '../../client/storage/usage.js';
import { writeJson, writeJsonl } from '../../store/artifacts.js';
import { recordRows } from '../../store/ledger.js';
import { openStore } from '../../store/open-store.js';
import { responseName } from '../../store/response-store.js';
import type { Store } from '../../store/types.js';
import { storedRecipe } from '../activities/stored-run.js';
import { type S3TestServer, startS3Server } from '../s3-server.js';
import { temporaryFolder } from '../temporary-folder.js';
import { testSeeds } from '../test-seeds.js';

const manifest = { seedmill: 'test', bundleSha256: 'test', teacherQueues: ['teacher-test'] };
const key = (n: number) => n.toString(16).padStart(64, `${n % 10}`);

describe('the space that a store takes', () => {
  const folder = temporaryFolder();
  describeStorage(async () => (await openStore(folder())).store);

  describe('in S3', function () {
    // Building the server takes minutes on a machine that never had it.
    this.timeout(600_000);
    const environment = { ...process.env };
    let server: S3TestServer;
    let prefix = 0;
    before(async () => {
      server = await startS3Server();
      Object.assign(process.env, server.env);
    });
    after(async () => {
      for (const name of Object.keys(server.env)) delete process.env[name];
      Object.assign(process.env, environment);
      await server.stop();
    });
    describeStorage(async () => {
      prefix += 1;
      return (await openStore(`s3://${server.bucket}/storage-${prefix}`)).store;
    });
  });

  it('is said in words', () => {
    assert.deepEqual([0, 999, 1_000, 99_949, 999_600, 3.4e9].map(bytesInWords), [
      '0 B',
      '999 B',
      '1.0 kB',
      '99.9 kB',
      '1.0 MB',
      '3.4 GB',
    ]);
  });
});

function describeStorage(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });

  const claim = async (name: string, id?: string) => {
    const inputs: RunInputs = { recipe: storedRecipe({ name }), seeds: testSeeds(), heldOut: null };
    return (await claimRun({ store, inputs, manifest, ...(id !== undefined && { id }) })).runId;
  };
  /** A run that used the answers `calls`, and paid for `paid`. */
  const ended = async (name: string, { calls, paid = [] }: { calls: number[]; paid?: number[] }) => {
    const runId = await claim(name);
    const files = roundFiles(runId, 1).phase('tasks');
    await writeJsonl(store, files.calls(0), [...calls.map((n) => ({ callKey: key(n) })), { callKey: null }]);
    const rows = paid.map((n) => ({ row: 'intent', attemptId: String(n), callKey: key(n) }) as never);
    await recordRows({ store, ledger: files.ledger(0), writer: 'w', rows });
    await writeJson(store, runFiles(runId).result, { state: 'finished' });
    return runId;
  };
  const isClosed = () => Promise.resolve();
  const remove = (runId: string) => removeRun(store, { runId, refuseOpen: isClosed });
  const answers = async (...numbers: number[]) => {
    for (const n of numbers) await store.write(responseName(key(n)), 'answer');
  };
  const answersLeft = async () => (await store.list('calls')).sort();
  const names = (...numbers: number[]) => numbers.map((n) => responseName(key(n))).sort();

  it('is counted by run and by what all runs share', async () => {
    await answers(1, 2);
    const runId = await ended('a', { calls: [1] });
    await store.write('embeddings/x/ab/y.npy', '12345');
    const usage = await storeUsage(store);
    assert.deepEqual(usage.answers, { files: 2, bytes: 12 });
    assert.deepEqual(usage.caches, { files: 1, bytes: 5 });
    assert.deepEqual([...usage.runs.keys()], [runId]);
    const { files, bytes } = usage.runs.get(runId) ?? { files: 0, bytes: 0 };
    assert.ok(files >= 5 && bytes > 0 && usage.total.bytes > bytes + 17);
  });

  it('is freed of a run and its pointers, and answers stay', async () => {
    await answers(1);
    const [gone, kept] = [await ended('a', { calls: [1] }), await ended('b', { calls: [] })];
    const run = await findRun(store, gone);
    assert.ok(run.amount.files >= 5 && run.amount.bytes > 0 && !run.mayBeOpen);
    await remove(gone);
    assert.deepEqual(await store.list(gone), []);
    assert.deepEqual(
      (await allRuns(store)).map(({ runId }) => runId),
      [kept],
    );
    assert.deepEqual(await answersLeft(), names(1));
    await assert.rejects(findRun(store, gone), { name: 'UserError', message: /^no run a-/ });
    assert.equal((await findRun(store, await claim('a'))).mayBeOpen, true);
  });

  it('is freed by a second command when the first was killed, and half of a run is none', async () => {
    const runId = await claim('a', 'named');
    const dying = Object.create(store) as Store;
    dying.removeFolder = () => Promise.reject(new Error('killed'));
    await assert.rejects(removeRun(dying, { runId, refuseOpen: isClosed }), /killed/);
    assert.deepEqual(await allRuns(store), []);
    await assert.rejects(claim('a', 'named'), /run named is removed by halves: "seedmill rm named"/);
    await assert.rejects(findPrunable(store, { caches: false }), /named is removed by halves/);
    assert.equal((await findRun(store, runId)).mayBeOpen, false);
    await remove(runId);
    assert.deepEqual(
      (await store.list('')).filter((name) => name.includes('named')),
      ['index/removed/named.json'],
    );
    await assert.rejects(claim('a', 'named'), /run named was removed; .*: choose another --id/);
    assert.deepEqual((await findPrunable(store, { caches: false })).runs, []);
    await assert.rejects(findRun(store, runId), /^UserError: no run named/);
  });

  it('is not freed of a run that was started while a person was asked', async () => {
    const runId = await claim('a');
    const before = await store.list('');
    const refuseOpen = async () => {
      await assert.rejects(claim('a'), /is removed by halves/);
      throw new Error('it is open');
    };
    await assert.rejects(removeRun(store, { runId, refuseOpen }), /it is open/);
    assert.deepEqual(await store.list(''), before);
    assert.equal(await claim('a'), runId);
  });

  it('is freed of a run that has its pointer only when nobody has it at work', async () => {
    const runId = await claim('a');
    await store.remove(runFiles(runId).manifest);
    assert.equal((await findRun(store, runId)).mayBeOpen, true);
    const refuseOpen = () => Promise.reject(new Error('it is open'));
    await assert.rejects(removeRun(store, { runId, refuseOpen }), /it is open/);
    await remove(runId);
    assert.notEqual(await claim('a'), runId);
  });

  it('is freed of a run that is given its inputs meanwhile, and that one is none', async () => {
    const late = Object.create(store) as Store;
    late.write = async (name, bytes) => {
      if (name === runFiles('late').seeds) await remove('late');
      await store.write(name, bytes);
    };
    const inputs: RunInputs = { recipe: storedRecipe(), seeds: testSeeds(), heldOut: null };
    await assert.rejects(claimRun({ store: late, inputs, manifest, id: 'late' }), {
      name: 'UserError',
      message: /^run late was removed/,
    });
    assert.deepEqual(
      (await store.list('')).filter((name) => name.includes('late')),
      ['index/removed/late.json'],
    );
  });

  it('is freed of answers that no run has a call for, nor has paid for', async () => {
    await answers(1, 2, 3, 4, 5, 6);
    const preview = roundFiles('previews/0123', 1).phase('tasks').ledger(0);
    const intent = { row: 'intent', attemptId: '6', callKey: key(6) } as never;
    await recordRows({ store, ledger: preview, writer: 'w', rows: [intent] });
    await ended('a', { calls: [1, 2], paid: [2, 3] });
    const gone = await ended('b', { calls: [2, 4] });
    const before = await findPrunable(store, { caches: false });
    assert.deepEqual(before.answers.map(({ name }) => name).sort(), names(5));
    await remove(gone);
    await removePrunable(store, await findPrunable(store, { caches: false }));
    assert.deepEqual(await answersLeft(), names(1, 2, 3, 6));
  });

  it('is not freed of what a preview pays for while it is looked at', async () => {
    await answers(1);
    const previewing = Object.create(store) as Store;
    previewing.sizes = async (folder) => {
      if (folder !== 'calls') return await store.sizes(folder);
      const files = roundFiles('previews/0123', 1).phase('tasks');
      const intent = { row: 'intent', attemptId: '2', callKey: key(2) } as never;
      await recordRows({ store, ledger: files.ledger(0), writer: 'w', rows: [intent] });
      await answers(2);
      return await store.sizes(folder);
    };
    const { answers: unused } = await findPrunable(previewing, { caches: false });
    assert.deepEqual(
      unused.map(({ name }) => name),
      names(1),
    );
  });

  it('is freed of no answer while a run is unfinished, or has begun since they were looked for', async () => {
    await answers(1, 2);
    const runId = await claim('a');
    await assert.rejects(findPrunable(store, { caches: false }), {
      name: 'UserError',
      message: new RegExp(`^nothing is pruned while a run is unfinished, .*: ${runId}\\.`),
    });
    await writeJson(store, runFiles(runId).result, { state: 'finished' });
    const found = await findPrunable(store, { caches: false });
    const later = await claim('b');
    await assert.rejects(removePrunable(store, found), /while a run is unfinished/);
    await writeJson(store, runFiles(later).result, { state: 'finished' });
    await assert.rejects(removePrunable(store, found), /has begun meanwhile/);
    assert.deepEqual(await answersLeft(), names(1, 2));
  });

  it('is freed of the student’s values when no run asked for any, or when a person says so', async () => {
    await store.write('embeddings/x/ab/y.npy', '12345');
    await store.write('student-scores/x/ab/y.npy', '12345');
    const runId = await ended('a', { calls: [] });
    const recipe = storedRecipe({ select: { size: 1, by: 'diversity' } });
    await writeJson(store, runFiles(runId).recipe, recipe);
    const cached = async (caches: boolean) =>
      (await findPrunable(store, { caches })).caches.map(({ name }) => name.split('/')[0]);
    assert.deepEqual(await cached(false), ['student-scores']);
    assert.deepEqual(await cached(true), ['embeddings', 'student-scores']);
  });
}
