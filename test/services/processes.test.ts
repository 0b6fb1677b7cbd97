import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stateFiles } from '../../workers/folders.js';
import { startTimeOf } from '../../workers/process-table.js';
import {
  type FoundProcess,
  isAlive,
  type OwnedProcess,
  ownedProcesses,
  ownLog,
  recordProcess,
  startProcess,
  stopProcess,
} from '../../workers/processes.js';
import { temporaryFolder } from '../temporary-folder.js';
import { killNow, runScript, until } from './helpers.js';

const silent = () => {};

describe('ownedProcesses', () => {
  // Hooks run in this order: the processes end before their folder goes.
  afterEach(async () => {
    for (const owned of started.splice(0)) await stopProcess(owned, { graceMs: 0 });
  });
  const folder = temporaryFolder();
  const started: OwnedProcess[] = [];

  const start = async (script: string, env: NodeJS.ProcessEnv = {}): Promise<OwnedProcess> => {
    const owned = await startProcess({
      stateDir: folder(),
      name: 'child',
      command: 'bash',
      args: ['-c', script],
      cwd: folder(),
      env: { PATH: process.env.PATH, ...env },
      ports: { http: 4321 },
      fingerprint: 'f1',
    });
    started.push(owned);
    return owned;
  };
  const only = async (): Promise<FoundProcess> => {
    const found = await ownedProcesses(folder(), silent);
    assert.equal(found.length, 1);
    return found[0] as FoundProcess;
  };

  it('finds a child again after its starter was killed', async () => {
    const script = runScript('start-child.ts', [folder()]);
    await until(async () => (await ownedProcesses(folder(), silent)).length === 1);
    await killNow(script);
    const child = await only();
    started.push(child);
    assert.equal(child.alive, true);
    assert.deepEqual(child.ports, { http: 1234 });
  });

  it('takes a process with the pid of an entry but another start time for somebody else', async () => {
    const stranger = await start('sleep 60');
    await recordProcess(folder(), { ...stranger, startTime: 'boot:1' });
    const found = (await ownedProcesses(folder(), silent)).find(({ startTime }) => startTime === 'boot:1');
    assert.ok(found === undefined || !found.alive);
    assert.equal(await stopProcess({ ...stranger, startTime: 'boot:1' }, { graceMs: 0 }), 'was-dead');
    assert.equal(await isAlive(stranger), true);
  });

  it('remembers the ports of a dead process', async () => {
    const owned = await start('sleep 60');
    await killNow({ pid: owned.pid });
    const found = await only();
    assert.equal(found.alive, false);
    assert.deepEqual(found.ports, { http: 4321 });
  });

  it('rebuilds a damaged registry from the marks of living processes', async () => {
    const owned = await start('sleep 60');
    const { registry } = stateFiles(folder());
    const text = await readFile(registry, 'utf8');
    await writeFile(registry, text.slice(0, text.length / 2));
    const lines: string[] = [];
    const found = await ownedProcesses(folder(), (line) => lines.push(line));
    assert.deepEqual(
      found.map(({ pid, alive, ports, fingerprint }) => ({ pid, alive, ports, fingerprint })),
      [{ pid: owned.pid, alive: true, ports: { http: 4321 }, fingerprint: 'f1' }],
    );
    assert.match(lines.join(), /processes\.json is damaged/);
    assert.equal(await isAlive(owned), true);
  });

  it('never writes the environment down, where keys live', async () => {
    const owned = await start('echo started; sleep 60', { OPENAI_API_KEY: 'sk-secret-of-this-test' });
    await until(async () => (await ownLog(owned)).includes('started'));
    const written = (await readFile(stateFiles(folder()).registry, 'utf8')) + (await ownLog(owned));
    assert.doesNotMatch(written, /sk-secret-of-this-test/);
  });

  it('keeps what an earlier process wrote to the log apart', async () => {
    const first = await start('echo one');
    await until(async () => !(await isAlive(first)));
    const second = await start('echo two; sleep 60');
    await until(async () => (await ownLog(second)).includes('two'));
    assert.equal(await ownLog(second), 'two\n');
    assert.equal(await readFile(second.log, 'utf8'), 'one\ntwo\n');
  });
});

describe('startTimeOf', () => {
  it('counts a zombie as dead', async () => {
    // The shell's child ends, and what the shell turns into never asks for its exit status.
    const parent = runScript(null, ['-c', 'sleep 0.01 & echo $!; exec sleep 60']);
    let output = '';
    parent.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    await until(async () => output.endsWith('\n'));
    const pid = Number(output);
    await until(async () => (await startTimeOf(pid)) === null);
    assert.doesNotThrow(() => process.kill(pid, 0), 'its entry in the process table is still there');
    await killNow(parent);
  });
});

describe('stopProcess', () => {
  const folder = temporaryFolder();
  const start = (script: string) =>
    startProcess({
      stateDir: folder(),
      name: 'child',
      command: 'bash',
      args: ['-c', script],
      cwd: folder(),
      env: { PATH: process.env.PATH },
      ports: {},
      fingerprint: '',
    });

  it('kills a process that ignores SIGTERM', async () => {
    const owned = await start('trap "" TERM; echo ready; while true; do sleep 0.05; done');
    await until(async () => (await ownLog(owned)).includes('ready'));
    assert.equal(await stopProcess(owned, { graceMs: 200 }), 'killed');
    assert.equal(await isAlive(owned), false);
  });

  it('ends the children of the process too', async () => {
    const file = path.join(folder(), 'grandchild');
    const owned = await start(`sleep 60 & echo $! > ${file}; wait`);
    await until(async () => (await readFile(file, 'utf8').catch(() => '')).endsWith('\n'));
    const grandchild = Number(await readFile(file, 'utf8'));
    await stopProcess(owned, { graceMs: 2_000 });
    await until(async () => (await startTimeOf(grandchild)) === null);
  });

  it('gives a process the time that it waits for something itself, and the grace time after it', async () => {
    const owned = await start(`trap 'sleep 1; exit 0' TERM; echo ready; while true; do sleep 0.05; done`);
    await until(async () => (await ownLog(owned)).includes('ready'));
    const untilMs = Date.now() + 60_000;
    assert.equal(await stopProcess(owned, { graceMs: 0, waitsUntilMs: async () => untilMs }), 'ended');
  });

  it('lets a process end by itself within the grace time', async () => {
    const file = path.join(folder(), 'farewell');
    const owned = await start(
      `trap 'echo bye > ${file}; exit 0' TERM; echo ready; while true; do sleep 0.05; done`,
    );
    await until(async () => (await ownLog(owned)).includes('ready'));
    assert.equal(await stopProcess(owned, { graceMs: 120_000 }), 'ended');
    assert.equal(await readFile(file, 'utf8'), 'bye\n');
  });
});
