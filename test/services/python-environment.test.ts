import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { findPythonEnvironment, preparePython } from '../../workers/python-environment.js';
import { temporaryFolder } from '../temporary-folder.js';
import { environmentWith } from './fake-tools.js';
import { killNow, outputOf, runScript, until } from './helpers.js';

const silent = () => {};

/** A Python that only says its version and where it is. */
function pythonSaying(version: string): string {
  return `
    if [ "$2" = pass ]; then exit 0; fi
    if [ "$1" = -c ]; then echo "$0"; echo ${version}; exit 0; fi
    exit 1
  `;
}

/** A uv that makes the environment's interpreter and "installs" for some seconds. Each installation is recorded. */
function uvInstalling({ record, seconds }: { record: string; seconds: number }): string {
  return `
    if [ "$1" = --version ]; then echo "uv 0.13.8"; exit 0; fi
    if [ "$1" = venv ]; then
      folder="\${@: -1}"; mkdir -p "$folder/bin"; cp "\${@: -2:1}" "$folder/bin/python"; exit 0
    fi
    echo "$*" >> '${record}'
    sleep ${seconds} & child=$!
    trap "kill $child; exit 143" TERM
    wait $child
  `;
}

describe('preparePython', () => {
  const folder = temporaryFolder();
  const cache = () => path.join(folder(), 'cache');
  const record = () => path.join(folder(), 'installations');
  const installations = async () =>
    (await readFile(record(), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const environment = (seconds: number, python = '3.12.1') =>
    environmentWith(folder(), {
      'python3.12': pythonSaying(python),
      uv: uvInstalling({ record: record(), seconds }),
    });
  const prepare = async (sets: ('model' | 'teacher' | 'student')[], env: NodeJS.ProcessEnv) =>
    preparePython({ sets, say: silent, env, cache: cache() });

  it('installs only what is asked for, from hashed requirements', async () => {
    const env = await environment(0);
    const { python } = await prepare(['model', 'teacher'], env);
    assert.equal((await execa(python, ['-c', 'pass'])).exitCode, 0);
    const [installed, ...more] = await installations();
    assert.deepEqual(more, []);
    assert.match(installed ?? '', /--require-hashes/);
    const files = [...(installed ?? '').matchAll(/([a-z]+)\.txt/g)].map(([, name]) => name);
    assert.deepEqual(files.sort(), ['model', 'teacher']);
  });

  it('takes an environment that holds more than is needed', async () => {
    const env = await environment(0);
    const both = await prepare(['model', 'teacher'], env);
    assert.deepEqual(await prepare(['teacher'], env), both);
    assert.equal((await installations()).length, 1);
  });

  it('installs once for two processes that ask at the same time', async () => {
    const env = await environment(0.3);
    const asking = [1, 2].map(() => outputOf(runScript('prepare-python.ts', [cache()], env)));
    const [one, two] = await Promise.all(asking);
    assert.equal(one, two);
    assert.equal((await installations()).length, 1);
  });

  it('never uses what a killed installation left', async () => {
    const slow = await environment(30);
    const installer = runScript('prepare-python.ts', [cache()], slow);
    await until(async () => (await installations()).length === 1);
    await killNow(installer);
    const options = { sets: ['teacher' as const], say: silent, cache: cache() };
    assert.equal(await findPythonEnvironment(options), null);

    // Even under the final name it would not count: it has no stamp.
    const [left] = (await readdir(cache())).filter((name) => name.startsWith('building-'));
    await rename(path.join(cache(), left as string), path.join(cache(), 'python-teacher-000000000000'));
    assert.equal(await findPythonEnvironment(options), null);

    await mkdir(path.join(cache(), 'building-python-old'));
    await prepare(['teacher'], await environment(0));
    assert.notEqual(await findPythonEnvironment(options), null);
    assert.deepEqual(
      (await readdir(cache())).filter((name) => name.startsWith('building-')),
      [],
    );
  });

  it('makes another environment when the Python of the old one is gone', async () => {
    const env = await environment(0);
    const first = await prepare(['teacher'], env);
    await rm(first.python);
    await prepare(['teacher'], env);
    assert.equal((await installations()).length, 2);
  });

  it('names the Pythons it found when none will do', async () => {
    const env = await environmentWith(folder(), { python3: pythonSaying('3.9.2') });
    await assert.rejects(
      prepare(['teacher'], env),
      /Python 3\.11 to 3\.14 is needed .*found: 3\.9\.2 \(.*needs no Python/,
    );
  });

  it('shows what uv said when the installation fails, and keeps nothing', async () => {
    const uv = 'if [ "$1" = pip ]; then echo "no such package" >&2; exit 1; fi; echo "uv 0.13.8"';
    const env = await environmentWith(folder(), { 'python3.12': pythonSaying('3.12.1'), uv });
    await assert.rejects(prepare(['teacher'], env), /could not be installed.*\n {2}no such package/);
    assert.deepEqual(await readdir(cache()), []);
  });
});
