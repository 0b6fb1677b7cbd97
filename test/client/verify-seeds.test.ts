import assert from 'node:assert/strict';
import { roundFiles } from '../../activities/run-files.js';
import type { Ref } from '../../activities/types.js';
import { storeSeeds } from '../../client/added-seeds.js';
import { verifyJoinedSeeds } from '../../client/verify-seeds.js';
import { writeJson, writeJsonl } from '../../store/artifacts.js';
import { openStore } from '../../store/open-store.js';
import type { Store } from '../../store/types.js';
import { temporaryFolder } from '../temporary-folder.js';
import { testSeeds } from '../test-seeds.js';

const added = testSeeds().slice(0, 2);
const round = { runId: 'run', round: 2 };

describe('verify, of seed tasks that people added,', () => {
  const folder = temporaryFolder();
  let store: Store;
  let ref: Ref;

  beforeEach(async () => {
    store = (await openStore(folder())).store;
    ref = await storeSeeds(store, 'run', added);
    await joined({ rows: added, pool: testSeeds(), refs: [ref] });
  });

  async function joined({ rows, pool, refs }: { rows: unknown[]; pool: unknown[]; refs: Ref[] }) {
    await writeJson(store, roundFiles('run', 1).refined, { addedSeeds: refs });
    await writeJsonl(store, roundFiles('run', 2).joinedSeeds, rows);
    await writeJsonl(store, roundFiles('run', 2).seedPool, pool);
  }

  it('finds nothing where all joined that were added', async () => {
    assert.deepEqual(await verifyJoinedSeeds(store, round), []);
    assert.deepEqual(await verifyJoinedSeeds(store, { ...round, round: 1 }), []);
  });

  it('names those that nobody added', async () => {
    await joined({ rows: testSeeds().slice(0, 3), pool: testSeeds(), refs: [ref] });
    assert.deepEqual(await verifyJoinedSeeds(store, round), ['1 seed tasks joined that nobody has added']);
  });

  it('names those that were lost on the way', async () => {
    await joined({ rows: added, pool: testSeeds().slice(1), refs: [ref] });
    assert.deepEqual(await verifyJoinedSeeds(store, round), ['1 added seed tasks are not in the seed pool']);
    await joined({ rows: [], pool: testSeeds(), refs: [ref] });
    assert.deepEqual(await verifyJoinedSeeds(store, round), ['added seed tasks have not joined']);
  });

  it('says that their file was changed', async () => {
    await store.write(ref.uri, '{}\n');
    assert.match((await verifyJoinedSeeds(store, round)).join(), /was changed: its SHA-256 is/);
  });

  it('leaves a fork’s to its parent, which may be gone', async () => {
    const ofParent = { ...ref, uri: ref.uri.replace(/^run/, 'parent') };
    await joined({ rows: added, pool: testSeeds(), refs: [ofParent] });
    assert.deepEqual(await verifyJoinedSeeds(store, round), []);
  });
});
