/**
 * One real Temporal server for all tests of a mocha run, started when the first test asks for it, so that pure tests
 * alone need none. Mocha loads this file through `require` in .mocharc.json and runs the teardown.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import getPort from 'get-port';
import { withLock } from '../workers/lock.js';
import { signalGroup } from '../workers/process-table.js';
import { type OwnedProcess, ownedProcesses, stopProcess } from '../workers/processes.js';
import type { TemporalTarget } from '../workers/temporal-connection.js';
import { ensureTemporal } from '../workers/temporal-server.js';

let started: Promise<TemporalTarget> | undefined;
let server: OwnedProcess | undefined;
let stateDir: string | undefined;

/**
 * The test server, with its own ports and database. Its address is also in SEEDMILL_TEST_TEMPORAL, for child
 * processes. The first call may have to get the server binary, so give a `before` hook that calls it
 * `this.timeout(0)`.
 */
export function testTemporal(): Promise<TemporalTarget> {
  started ??= startServer();
  return started;
}

async function startServer(): Promise<TemporalTarget> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-test-temporal-'));
  stateDir = folder;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  const env = { ...Object.fromEntries(inherited), SEEDMILL_TEMPORAL_PORT: `${await testPort()}` };
  const target = await withLock({ target: path.join(folder, 'start'), onWait: () => {} }, (lock) =>
    ensureTemporal({ stateDir: folder, say, env }, lock),
  );
  server = (await ownedProcesses(folder, say)).find(({ name }) => name === 'temporal');
  // Mocha may be told to exit before its teardown has run.
  process.once('exit', () => server && signalGroup(server.pid, 'SIGKILL'));
  process.env.SEEDMILL_TEST_TEMPORAL = target.address;
  return target;
}

/**
 * A free port for a Temporal server, which takes the one 1000 above it too, for its UI. Below those that systems deal out
 * to outgoing connections (from 32768 on Linux), so that nobody gets it between this moment and the server's start.
 */
export async function testPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const ports = [port, port + 1_000];
    const free = await Promise.all(ports.map((port) => getPort({ port, host: '127.0.0.1' })));
    if (free.every((found, index) => found === ports[index])) return port;
  }
}

export async function mochaGlobalTeardown(): Promise<void> {
  if (server !== undefined) await stopProcess(server, { graceMs: 10_000 });
  server = undefined;
  if (stateDir !== undefined) await rm(stateDir, { recursive: true, force: true });
}
