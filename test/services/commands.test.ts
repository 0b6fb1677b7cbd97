import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { isAlive, startProcess } from '../../workers/processes.js';
import { testTemporal } from '../global-setup.js';
import { temporaryFolder } from '../temporary-folder.js';
import { environmentWith } from './fake-tools.js';

const main = fileURLToPath(new URL('../../client/main.ts', import.meta.url));
const python = 'echo "$0"; echo 3.12.1';

interface Report {
  ok: boolean;
  checks: { name: string; status: string; detail: string; advice?: string }[];
  processes: { name: string; pid: number; state: string; log: string }[];
}

describe('seedmill doctor', () => {
  const folder = temporaryFolder();
  let address: string;

  before(async function () {
    this.timeout(0);
    ({ address } = await testTemporal());
  });

  async function doctor(env: NodeJS.ProcessEnv, store = path.join(folder(), 'runs')) {
    const args = ['doctor', '--json', '--state-dir', folder(), '--store', store];
    const result = await execa(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...args], {
      env: { TEMPORAL_ADDRESS: address, ...env },
      extendEnv: false,
      reject: false,
    });
    const report = JSON.parse(result.stdout.split('\n').at(-1) ?? '') as Report;
    const check = (name: string) => report.checks.find((entry) => entry.name === name);
    return { code: result.exitCode, text: result.stderr, report, check };
  }

  it('reports what is there with exit code 0', async () => {
    const { code, report, check } = await doctor(await environmentWith(folder(), { python3: python }));
    assert.deepEqual([code, report.ok], [0, true]);
    assert.match(check('Temporal')?.detail ?? '', new RegExp(`at ${address} \\(named by the TEMPORAL_`));
    assert.match(check('Python')?.detail ?? '', /^3\.12\.1 /);
  });

  it('ends with exit code 1 and says what to do when something is missing', async () => {
    const { code, text, check } = await doctor(await environmentWith(folder(), {}));
    assert.equal(code, 1);
    assert.equal(check('Python')?.status, 'missing');
    assert.match(text, /missing Python: .*found: none\n +→ install one/);
  });

  it('names a store that cannot be used', async () => {
    const file = path.join(folder(), 'a-file');
    await writeFile(file, '');
    const { code, check } = await doctor(await environmentWith(folder(), { python3: python }), file);
    assert.equal(code, 1);
    assert.equal(check('Store')?.status, 'missing');
    assert.match(check('Store')?.detail ?? '', /a-file/);
  });

  it('lists each process with its pid, state and log, and never shows a key', async () => {
    const env = {
      ...(await environmentWith(folder(), { python3: python })),
      OPENAI_API_KEY: 'sk-of-this-test',
    };
    const { pid, log } = await startProcess({
      ...{ stateDir: folder(), name: 'worker', command: 'sleep', args: ['60'], cwd: folder() },
      ...{ env: { PATH: process.env.PATH }, ports: {}, fingerprint: '' },
    });
    const before = await doctor(env);
    process.kill(pid, 'SIGKILL');
    const [listed] = before.report.processes;
    assert.deepEqual(
      [listed?.name, listed?.pid, listed?.state, listed?.log],
      ['worker', pid, 'running', log],
    );
    assert.match(before.check('Teacher')?.detail ?? '', /OPENAI_API_KEY set/);
    assert.doesNotMatch(before.text + JSON.stringify(before.report), /sk-of-this-test/);
    const after = await doctor(env);
    assert.equal(after.report.processes[0]?.state, 'not running');
  });
});

describe('seedmill down', () => {
  const folder = temporaryFolder();

  it('ends what was started here, and says so when there is nothing', async () => {
    const owned = await startProcess({
      ...{ stateDir: folder(), name: 'worker', command: 'sleep', args: ['60'], cwd: folder() },
      ...{ env: { PATH: process.env.PATH }, ports: {}, fingerprint: '' },
    });
    const down = async () => {
      const args = [main, 'down', '--json', '--state-dir', folder()];
      const result = await execa(process.execPath, ['--import', import.meta.resolve('tsx'), ...args]);
      return { text: result.stderr, json: JSON.parse(result.stdout) };
    };
    assert.deepEqual((await down()).json, { ended: [{ name: 'worker', pid: owned.pid }] });
    assert.equal(await isAlive(owned), false);
    const again = await down();
    assert.deepEqual(again.json, { ended: [] });
    assert.match(again.text, /Nothing was running/);
  });
});
