import assert from 'node:assert/strict';
import type { SettledEndpoint } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { removalName, removedName } from '../../client/removed-runs.js';
import {
  type ClaimedRun,
  claimRun,
  differingKeys,
  findEndedRun,
  hashInputs,
  type RunInputs,
} from '../../client/run-identity.js';
import { unfinishedTwins } from '../../client/runs.js';
import { removeRun } from '../../client/storage/remove-run.js';
import { writeJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { openStore } from '../../store/open-store.js';
import type { Store } from '../../store/types.js';
import { storedRecipe } from '../activities/stored-run.js';
import { temporaryFolder } from '../temporary-folder.js';
import { testSeeds } from '../test-seeds.js';

const manifest = { seedmill: 'test', bundleSha256: 'test', teacherQueues: ['teacher-test'] };

function inputs(changes: Record<string, unknown> = {}): RunInputs {
  return { recipe: storedRecipe(changes), seeds: testSeeds(), heldOut: null };
}

describe('claimRun', () => {
  const folder = temporaryFolder();
  let store: Store;
  beforeEach(async () => {
    store = (await openStore(folder())).store;
  });

  const claim = (
    options: { store?: Store; inputs?: RunInputs; id?: string; isNew?: boolean } = {},
  ): Promise<ClaimedRun> => claimRun({ store, inputs: inputs(), manifest, ...options });
  const remove = async (runId: string) =>
    await removeRun(store, { runId, refuseOpen: () => Promise.resolve() });
  const end = (runId: string) => writeJson(store, runFiles(runId).result, { state: 'finished' });

  it('starts a run where there is none', async () => {
    const { runId, disposition } = await claim();
    assert.equal(disposition, 'new');
    assert.match(runId, /^stored-\d{4}-\d\d-\d\d-[0-9a-f]{6}$/);
  });

  it('makes an id that no run has or had', async () => {
    const tried: string[] = [];
    const crowded = Object.create(store) as Store;
    crowded.list = async (prefix) => {
      if (!prefix.startsWith('stored-')) return await store.list(prefix);
      tried.push(prefix);
      if (tried.length === 2) await store.write(removedName(prefix), '{}');
      return tried.length === 1 ? [`${prefix}/recipe.json`] : [];
    };
    const { runId } = await claim({ store: crowded });
    assert.deepEqual([tried.length, tried.indexOf(runId)], [3, 2]);
  });

  it('refuses the id of a run that was removed, and starts another one without it', async () => {
    await claim({ id: 'mine' });
    await end('mine');
    await remove('mine');
    const refusal = { name: 'UserError', message: /^run mine was removed; .*: choose another --id/ };
    await assert.rejects(claim({ id: 'mine' }), refusal);
    await assert.rejects(findEndedRun(store, inputs(), 'mine'), refusal);
    assert.equal((await claim()).disposition, 'new');
  });

  it('is refused while the run that is meant is being removed, with an id and without', async () => {
    const { runId } = await claim({ id: 'mine' });
    await store.write(removalName(runId), JSON.stringify({ runId }));
    for (const options of [{}, { id: 'mine' }]) {
      await assert.rejects(claim(options), /run mine is removed by halves: "seedmill rm mine"/);
    }
    await end(runId);
    await assert.rejects(claim(), /run mine is removed by halves/);
  });

  it('rejoins the unfinished run of the same recipe and seeds', async () => {
    const { runId } = await claim();
    assert.deepEqual(await claim(), { runId, disposition: 'rejoined' });
  });

  it('reports a finished one', async () => {
    const { runId } = await claim();
    await end(runId);
    assert.deepEqual(await claim(), { runId, disposition: 'finished' });
  });

  it('rejoins an unfinished run rather than report a newer one that is finished', async () => {
    const { runId } = await claim();
    const { runId: newer } = await claim({ isNew: true });
    await end(newer);
    assert.deepEqual(await claim(), { runId, disposition: 'rejoined' });
  });

  it('starts another one when told to', async () => {
    const { runId } = await claim();
    const other = await claim({ isNew: true });
    assert.equal(other.disposition, 'new');
    assert.notEqual(other.runId, runId);
  });

  it('knows the newest one when older ones were removed', async () => {
    const runs = [];
    for (let n = 0; n < 3; n += 1) {
      const { runId } = await claim({ isNew: n > 0 });
      await end(runId);
      runs.push(runId);
    }
    await remove(runs[1] ?? '');
    const { runId: newest } = await claim({ isNew: true });
    await end(newest);
    assert.deepEqual(await claim(), { runId: newest, disposition: 'finished' });
  });

  it('says so when the run that it copies is removed meanwhile', async () => {
    const { runId: parent } = await claim();
    const from = { runId: parent, round: 0, changed: [] };
    const fork = { from, hash: hashInputs(inputs()), hasLists: false, thresholds: {} };
    await end(parent);
    await claim({ id: 'whole', inputs: { ...inputs(), fork } });
    assert.ok(await store.read(runFiles('whole').seeds));
    await remove(parent);
    await assert.rejects(claim({ id: 'hollow', inputs: { ...inputs({ target: 11 }), fork } }), {
      name: 'UserError',
      message: /^run stored-.* was removed while it was copied: "seedmill rm hollow" takes away/,
    });
    assert.equal(await store.read(runFiles('hollow').manifest), undefined);
  });

  it('starts another one for another recipe', async () => {
    const { runId } = await claim();
    assert.notEqual((await claim({ inputs: inputs({ target: 11 }) })).runId, runId);
  });

  it('starts another one for other seeds', async () => {
    const { runId } = await claim();
    const seeds = testSeeds().slice(1);
    assert.notEqual((await claim({ inputs: { ...inputs(), seeds } })).runId, runId);
  });

  it('writes the inputs of a run whose first command died before it could', async () => {
    const { runId } = await claim();
    await store.remove(runFiles(runId).manifest);
    assert.deepEqual(await claim(), { runId, disposition: 'new' });
    assert.ok(await store.read(runFiles(runId).manifest));
  });

  it('gives two commands at once the same run', async () => {
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim()));
    assert.equal(new Set(claims.map(({ runId }) => runId)).size, 1);
  });

  it('takes the id that it is given, and rejoins by it', async () => {
    assert.deepEqual(await claim({ id: 'mine' }), { runId: 'mine', disposition: 'new' });
    assert.deepEqual(await claim({ id: 'mine' }), { runId: 'mine', disposition: 'rejoined' });
  });

  it('refuses an id that belongs to another recipe, and names what differs', async () => {
    await claim({ id: 'mine' });
    const other = inputs({ target: 11, teacher: { concurrency: 3 } });
    await assert.rejects(
      claim({ id: 'mine', inputs: other }),
      (error: Error) => error instanceof UserError && /target, teacher\.concurrency\b/.test(error.message),
    );
  });

  it('says so when what differs can be set in the run itself', async () => {
    await claim({ id: 'mine', inputs: inputs({ budget: { calls: 5 } }) });
    const other = inputs({ budget: { calls: 9 }, teacher: { concurrency: 3 } });
    await assert.rejects(
      claim({ id: 'mine', inputs: other }),
      /different: budget\.calls, teacher\.concurrency\. .* "seedmill set mine …" changes that in the run itself\.$/,
    );
  });

  it('finds an unfinished run of the same recipe and seeds that has another budget', async () => {
    const { runId } = await claim({ inputs: inputs({ budget: { calls: 5 } }) });
    await claim({ inputs: inputs({ budget: { calls: 5 }, batchSize: 3 }) });
    const wanted = inputs({ budget: { calls: 9 } });
    assert.deepEqual(await unfinishedTwins(store, wanted), [{ runId, differing: ['budget.calls'] }]);
    assert.deepEqual(await unfinishedTwins(store, { ...wanted, seeds: testSeeds().slice(1) }), []);
    await end(runId);
    assert.deepEqual(await unfinishedTwins(store, wanted), []);
  });

  it('refuses an id that belongs to other seeds', async () => {
    await claim({ id: 'mine' });
    await assert.rejects(
      claim({ id: 'mine', inputs: { ...inputs(), seeds: testSeeds().slice(1) } }),
      (error: Error) => error instanceof UserError && /the seed tasks/.test(error.message),
    );
  });

  it('gives an id to one of two recipes that ask for it at once', async () => {
    const claims = [inputs(), inputs({ target: 11 })].map((each) => claim({ id: 'mine', inputs: each }));
    const outcomes = (await Promise.allSettled(claims)).map(({ status }) => status).sort();
    assert.deepEqual(outcomes, ['fulfilled', 'rejected']);
  });

  it('refuses an id that a workflow of another run has', async () => {
    await assert.rejects(claim({ id: 'mine.loop' }), UserError);
  });
});

describe('hashInputs', () => {
  it('does not depend on where things lie: paths and ports', () => {
    const moved = inputs({ seeds: 'elsewhere/seeds.jsonl', teacher: { baseUrl: 'http://127.0.0.1:10/v1' } });
    assert.equal(hashInputs(moved), hashInputs(inputs()));
  });

  it('depends on the teacher', () => {
    const other = inputs();
    other.recipe.endpoints.default = {
      ...(other.recipe.endpoints.default as SettledEndpoint),
      identity: 'url:https://llm.example.org/v1',
    };
    assert.notEqual(hashInputs(other), hashInputs(inputs()));
  });

  it('depends on the content of a held-out file', () => {
    const withHeldOut = (heldOut: RunInputs['heldOut']) => ({ ...inputs(), heldOut });
    assert.notEqual(hashInputs(withHeldOut(testSeeds())), hashInputs(withHeldOut(testSeeds().slice(1))));
  });
});

describe('differingKeys', () => {
  it('names keys by their path, those that only one side has included', () => {
    assert.deepEqual(
      differingKeys({ a: 1, b: { c: 1, d: [1] }, e: 1 }, { a: 1, b: { c: 2, d: [2] }, f: 1 }),
      ['b.c', 'b.d', 'e', 'f'],
    );
  });
});
