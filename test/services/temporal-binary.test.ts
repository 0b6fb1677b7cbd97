import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { startTimeOf } from '../../workers/process-table.js';
import { findTemporalBinary, getTemporalBinary } from '../../workers/temporal-binary.js';
import { temporaryFolder } from '../temporary-folder.js';
import { environmentWith, goBuilding, temporalSaying } from './fake-tools.js';
import { killNow, outputOf, runScript, until } from './helpers.js';

const silent = () => {};

describe('getTemporalBinary', () => {
  const folder = temporaryFolder();
  const cache = () => path.join(folder(), 'cache');
  const record = () => path.join(folder(), 'builds');
  const builds = async () => (await readFile(record(), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const go = (seconds: number, server = '1.29.1') => goBuilding({ server, record: record(), seconds });
  const get = (env: NodeJS.ProcessEnv, serverVersion?: string) =>
    getTemporalBinary({ say: silent, cache: cache(), env, ...(serverVersion && { serverVersion }) });

  it('takes one from the PATH before any other', async () => {
    const env = await environmentWith(folder(), { temporal: temporalSaying('1.30.0'), go: go(0) });
    const binary = await get(env);
    assert.deepEqual([binary.source, binary.serverVersion], ['PATH', '1.30.0']);
    assert.deepEqual(await builds(), []);
  });

  it('builds one where the one on the PATH is too old', async () => {
    const env = await environmentWith(folder(), { temporal: temporalSaying('1.28.2'), go: go(0) });
    const binary = await get(env);
    assert.deepEqual([binary.source, binary.serverVersion], ['cache', '1.29.1']);
  });

  it('takes only the version that a database needs', async () => {
    const env = await environmentWith(folder(), { temporal: temporalSaying('1.30.0'), go: go(0) });
    assert.equal((await get(env, '1.29.1')).source, 'cache');
    await assert.rejects(get(env, '1.31.0'), /no Temporal server 1\.31\.0 found/);
  });

  it('says what to install when no way works', async () => {
    const env = await environmentWith(folder(), {});
    await assert.rejects(get(env), /download: .*\n.*build: no `go` on the PATH\n.*install the Temporal CLI/);
    assert.deepEqual(await readdir(cache()), []);
  });

  it('builds once for two processes that ask at the same time', async () => {
    const env = await environmentWith(folder(), { go: go(0.3) });
    const asking = [1, 2].map(() => outputOf(runScript('get-binary.ts', [cache()], env)));
    const [one, two] = await Promise.all(asking);
    assert.equal(one, two);
    assert.equal((await builds()).length, 1);
  });

  it('never uses what a killed build left, and ends its compiler', async () => {
    const slow = await environmentWith(folder(), { go: go(600) });
    const builder = runScript('get-binary.ts', [cache()], slow);
    await until(async () => (await builds()).length === 1);
    const compiler = Number((await builds())[0]);
    const half = async () =>
      (await readdir(cache(), { recursive: true })).some((name) => name.endsWith('/temporal'));
    await until(half);
    // The note about the compiler is written once it runs.
    await until(async () =>
      (await readdir(cache(), { recursive: true })).some((name) => name.endsWith('builder.json')),
    );
    await killNow(builder);
    assert.equal(await findTemporalBinary({ say: silent, cache: cache(), env: slow }), null);

    const quick = await environmentWith(folder(), { go: go(0) });
    const binary = await get(quick);
    assert.equal(binary.serverVersion, '1.29.1');
    assert.equal(await startTimeOf(compiler), null);
    assert.deepEqual(await readdir(cache()), ['temporal-1.5.1']);
  });

  it('does not install a build that does not run', async () => {
    const env = await environmentWith(folder(), { go: go(0, 'no version') });
    await mkdir(cache(), { recursive: true });
    await assert.rejects(get(env), /does not run here/);
    assert.deepEqual(await readdir(cache()), []);
  });
});
