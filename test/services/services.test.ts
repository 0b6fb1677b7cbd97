import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stateFiles } from '../../workers/folders.js';
import { pollsItsQueues } from '../../workers/pollers.js';
import { type FoundProcess, ownedProcesses } from '../../workers/processes.js';
import type { ServiceError } from '../../workers/service-error.js';
import { ensureServices, type ServiceNeeds, type Services, stopServices } from '../../workers/services.js';
import { type Supervisor, superviseServices } from '../../workers/supervisor.js';
import { testPort, testTemporal } from '../global-setup.js';
import { temporaryFolder } from '../temporary-folder.js';
import { killNow, until } from './helpers.js';

const silent = () => {};

/** Options with a store and a Temporal server of the test's own, from an environment without any other server. */
function setUp(folder: () => string) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|OPENAI)_/.test(name));
  const lines: string[] = [];
  return {
    lines,
    options: (needs: ServiceNeeds, env: NodeJS.ProcessEnv = {}) => ({
      stateDir: path.join(folder(), 'state'),
      storeUrl: path.join(folder(), 'runs'),
      needs,
      say: (line: string) => void lines.push(line),
      env: { ...Object.fromEntries(inherited), ...env },
    }),
    alive: async (): Promise<Map<string, FoundProcess>> => {
      const owned = await ownedProcesses(path.join(folder(), 'state'), silent);
      return new Map(owned.filter(({ alive }) => alive).map((process) => [process.name, process]));
    },
    down: () => stopServices({ stateDir: path.join(folder(), 'state'), say: silent, graceMs: 5_000 }),
  };
}

describe('ensureServices: the worker', () => {
  // Hooks run in this order: the processes end before their folder goes.
  afterEach(() => down());
  const folder = temporaryFolder();
  const { lines, options, alive, down } = setUp(folder);
  const queues = ['seedmill', 'cpu'];
  let server: NodeJS.ProcessEnv;

  before(async function () {
    this.timeout(0);
    server = { TEMPORAL_ADDRESS: (await testTemporal()).address };
  });

  const worker = async () => (await alive()).get('worker') as FoundProcess;

  it('returns when it polls its queues, and keeps it the next time', async () => {
    const { temporal } = await ensureServices(options({ worker: { queues } }, server));
    const first = await worker();
    assert.equal(await pollsItsQueues({ target: temporal, owned: first }), true);
    await ensureServices(options({ worker: { queues: ['cpu'] } }, server));
    assert.equal((await worker()).pid, first.pid);
  });

  it('replaces one with another key or another store, and one that serves too few queues', async () => {
    await ensureServices(options({ worker: { queues } }, server));
    const pids = new Set([(await worker()).pid]);
    const withKey = { ...server, OPENAI_API_KEY: 'sk-of-this-test' };
    await ensureServices(options({ worker: { queues } }, withKey));
    pids.add((await worker()).pid);
    const elsewhere = { ...options({ worker: { queues } }, withKey), storeUrl: path.join(folder(), 'other') };
    await ensureServices(elsewhere);
    pids.add((await worker()).pid);
    await ensureServices({ ...elsewhere, needs: { worker: { queues: ['teacher-x-1'] } } });
    pids.add((await worker()).pid);
    assert.equal(pids.size, 4);
    assert.deepEqual((await worker()).queues.toSorted(), ['cpu', 'seedmill', 'teacher-x-1']);
    const written = await readFile(stateFiles(options({}).stateDir).registry, 'utf8');
    assert.doesNotMatch(written + lines.join(), /sk-of-this-test/);
  });

  it('shows the end of its log when it cannot start', async () => {
    await writeFile(path.join(folder(), 'runs'), 'a file where the store should be');
    const start = ensureServices(options({ worker: { queues } }, server));
    await assert.rejects(
      start,
      /Worker \(pid \d+\) ended while starting; end of .*worker\.log:\n {2}worker: .*runs/,
    );
    assert.equal((await alive()).size, 0);
  });
});

describe('superviseServices', () => {
  afterEach(async () => {
    await supervisor.stop();
    await down();
  });
  const folder = temporaryFolder();
  const { options, alive, down } = setUp(folder);
  const needs = { worker: { queues: ['seedmill'] } };
  let services: Services;
  let supervisor: Supervisor;
  let failures: ServiceError[];

  beforeEach(async function () {
    this.timeout(0);
    const own = options(needs, { SEEDMILL_TEMPORAL_PORT: `${await testPort()}` });
    services = await ensureServices(own);
    failures = [];
    supervisor = superviseServices({ ...own, services, onFailure: (error) => void failures.push(error) });
  });

  it('brings the server and the worker back after kill -9 of both', async () => {
    const before = await alive();
    await Promise.all([...before.values()].map(killNow));
    await until(async () => {
      const worker = (await alive()).get('worker');
      if (worker === undefined) return false;
      return pollsItsQueues({ target: services.temporal, owned: worker }).catch(() => false);
    });
    const now = await alive();
    assert.deepEqual(now.get('temporal')?.ports, before.get('temporal')?.ports);
    assert.notEqual(now.get('temporal')?.pid, before.get('temporal')?.pid);
    assert.deepEqual(failures, []);
  });

  it('says why it leaves a process that keeps dying', async () => {
    // Four times on a machine that starts it so often within a minute.
    while (failures.length === 0) {
      const worker = (await alive()).get('worker');
      if (worker) await killNow(worker);
    }
    assert.match((failures[0] as ServiceError).message, /worker died 4 times within a minute/);
  });

  it('leaves alone what `down` ended, and says so', async () => {
    await down();
    await until(async () => failures.length > 0);
    assert.match((failures[0] as ServiceError).message, /`seedmill down` ended the services/);
    assert.equal((await alive()).size, 0);
  });
});

describe('ensureServices: the local teacher', () => {
  afterEach(() => down());
  const folder = temporaryFolder();
  const { options, alive, down } = setUp(folder);
  let server: NodeJS.ProcessEnv;

  before(async function () {
    this.timeout(0);
    server = { TEMPORAL_ADDRESS: (await testTemporal()).address };
  });

  it('serves the bundled model, and at the same address again after kill -9', async function () {
    // A fresh machine installs its Python packages here.
    this.timeout(0);
    const own = options({ localTeacher: {} }, server);
    const { teacher } = await ensureServices(own);
    assert.match(teacher?.ggufSha256 ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(JSON.parse(await readFile(stateFiles(own.stateDir).teacher, 'utf8')), teacher);
    const models = await (await fetch(`${teacher?.baseUrl}/models`)).json();
    assert.equal((models as { data: { id: string }[] }).data[0]?.id, teacher?.model);

    await killNow((await alive()).get('teacher') as FoundProcess);
    assert.deepEqual((await ensureServices(own)).teacher, teacher);
  });

  it('says what is wrong with a file that is no model', async function () {
    this.timeout(0);
    const gguf = path.join(folder(), 'no-model.gguf');
    await writeFile(gguf, 'text');
    const start = ensureServices(options({ localTeacher: { gguf } }, server));
    await assert.rejects(
      start,
      /Local teacher .*end of .*\n {2}teacher: .*no-model\.gguf is not a GGUF file/,
    );
  });
});
