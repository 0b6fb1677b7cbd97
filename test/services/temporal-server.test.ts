import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { stateFiles } from '../../workers/folders.js';
import { type FoundProcess, ownedProcesses } from '../../workers/processes.js';
import { ensureServices, stopServices } from '../../workers/services.js';
import { connectClient, probe } from '../../workers/temporal-connection.js';
import { testPort, testTemporal } from '../global-setup.js';
import { temporaryFolder } from '../temporary-folder.js';
import { killNow, outputOf, runScript } from './helpers.js';

const silent = () => {};

/** This process's environment without a server named in it, and with a port of the test's own. */
function environment(port: number): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(others), SEEDMILL_TEMPORAL_PORT: String(port) };
}

describe('ensureServices: the Temporal server', () => {
  // Hooks run in this order: the server ends before its folder goes.
  afterEach(() => stopServices({ stateDir: stateDir(), say: silent, graceMs: 5_000 }));
  const stateDir = temporaryFolder();
  let port: number;
  const ensure = (say: (line: string) => void = silent, env = environment(port)) =>
    ensureServices({ stateDir: stateDir(), storeUrl: 'unused', needs: {}, say, env });
  const servers = async (): Promise<FoundProcess[]> =>
    (await ownedProcesses(stateDir(), silent)).filter(({ alive }) => alive);

  before(async function () {
    // The first call of a machine may have to get the server's binary.
    this.timeout(0);
    await testTemporal();
  });
  beforeEach(async () => {
    port = await testPort();
  });

  it('starts one server for two commands that start at the same time', async () => {
    const commands = [1, 2].map(() =>
      outputOf(runScript('ensure-temporal.ts', [stateDir()], environment(port))),
    );
    const [one, two] = (await Promise.all(commands)).map((output) => JSON.parse(output));
    assert.deepEqual(one, two);
    assert.equal((await servers()).length, 1);
  });

  it('goes on with the same runs at the same address after kill -9', async () => {
    const { temporal } = await ensure();
    const client = await connectClient(temporal);
    await client.workflow.start('never', { workflowId: 'w1', taskQueue: 'none', args: [] });
    await client.connection.close();
    const [server] = await servers();
    await killNow(server as FoundProcess);

    const again = await ensure();
    assert.deepEqual(again.temporal, temporal);
    const reconnected = await connectClient(again.temporal);
    const { status } = await reconnected.workflow.getHandle('w1').describe();
    await reconnected.connection.close();
    assert.equal(status.name, 'RUNNING');
  });

  it('keeps histories for 30 days and search attributes across starts', async () => {
    const { temporal, searchAttributes } = await ensure();
    assert.deepEqual(searchAttributes, [
      'SeedmillMethod',
      'SeedmillRecipe',
      'SeedmillState',
      'SeedmillRound',
      'SeedmillAccepted',
    ]);
    const { connection } = await connectClient(temporal);
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
    await connection.close();
    assert.equal(Number(config?.workflowExecutionRetentionTtl?.seconds), 30 * 86_400);
    assert.deepEqual((await ensure()).searchAttributes, searchAttributes);
  });

  it('moves to another port, and says so, when something else has the usual one', async () => {
    const other = net.createServer((socket) => {
      socket.on('error', silent);
      socket.end('not temporal\n');
    });
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    try {
      const lines: string[] = [];
      const { temporal } = await ensure((line) => lines.push(line));
      assert.notEqual(temporal.address, `127.0.0.1:${port}`);
      assert.equal(await probe(temporal.address), 'temporal');
      assert.match(lines.join('\n'), new RegExp(`port ${port} is in use by something else`));
    } finally {
      other.close();
    }
  });

  it('uses a server that already listens on the usual port, and starts none', async () => {
    const { address } = await testTemporal();
    const { temporal } = await ensure(silent, environment(Number(address.split(':')[1])));
    assert.deepEqual([temporal.origin, temporal.address], ['local', address]);
    assert.deepEqual(await servers(), []);
  });

  it('stays with its own database when another server has the usual port by now', async () => {
    await ensure();
    await stopServices({ stateDir: stateDir(), say: silent, graceMs: 5_000 });
    const { address } = await testTemporal();
    const { temporal } = await ensure(silent, environment(Number(address.split(':')[1])));
    assert.equal(temporal.origin, 'own');
  });

  it('uses the server that TEMPORAL_ADDRESS names', async () => {
    const { address } = await testTemporal();
    const { temporal } = await ensure(silent, { ...environment(port), TEMPORAL_ADDRESS: address });
    assert.deepEqual([temporal.origin, temporal.address], ['configured', address]);
    assert.deepEqual(await servers(), []);
  });

  it('names a namespace that the server does not have', async () => {
    const { address } = await testTemporal();
    const env = { ...environment(port), TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'elsewhere' };
    await assert.rejects(
      ensure(silent, env),
      /has no namespace "elsewhere": create it, or set TEMPORAL_NAMESPACE/,
    );
  });

  it('names an address where no server answers', async () => {
    const env = { ...environment(port), TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
    await assert.rejects(ensure(silent, env), new RegExp(`no Temporal server answers at 127.0.0.1:${port}`));
  });

  it('refuses a database that another server version made, and says the ways out', async () => {
    await ensure();
    await stopServices({ stateDir: stateDir(), say: silent, graceMs: 5_000 });
    const { temporalVersion } = stateFiles(stateDir());
    await writeFile(temporalVersion, '1.20.0\n');
    await assert.rejects(ensure(), /made by Temporal server 1\.20\.0.*move the database away/s);
    assert.deepEqual(await servers(), []);
  });

  it('serves runs in turn, but leaves a database that was begun without as it is', async () => {
    const isFair = async () =>
      (await servers()).map(({ command }) => command.includes('enableFairness=true'));
    const again = async () => {
      await stopServices({ stateDir: stateDir(), say: silent, graceMs: 5_000 });
      await ensure();
    };
    await ensure();
    assert.deepEqual(await isFair(), [true]);
    await again();
    assert.deepEqual(await isFair(), [true]);
    // As an earlier version left it: what waits in its queues would not be found in fair ones.
    await rm(stateFiles(stateDir()).temporalFairness);
    await again();
    assert.deepEqual(await isFair(), [false]);
  });

  it('shows the end of the log when the server cannot start', async () => {
    await ensure();
    await stopServices({ stateDir: stateDir(), say: silent, graceMs: 5_000 });
    const { temporalDatabase } = stateFiles(stateDir());
    for (const part of ['-wal', '-shm']) await rm(`${temporalDatabase}${part}`, { force: true });
    await writeFile(temporalDatabase, 'no database at all, but a file of some length to be sure of it');
    await assert.rejects(ensure(), /ended while starting; end of .*temporal\.log:\n.*not a database/s);
  });
});
