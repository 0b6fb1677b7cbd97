/**
 * Which Temporal server a project uses, in this order: the one that TEMPORAL_* settings name; our own, when this
 * state folder already has one's database (the runs are in it); one that listens on this machine; our own, new.
 */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { msToTs } from '@temporalio/common/lib/time.js';
import writeFileAtomic from 'write-file-atomic';
import { packageRoot, stateFiles } from './folders.js';
import type { HeldLock } from './lock.js';
import {
  type FoundProcess,
  isAlive,
  logTail,
  type OwnedProcess,
  ownedProcesses,
  recordProcess,
  startProcess,
  stopProcess,
} from './processes.js';
import { freePort, preferredPort } from './ports.js';
import { messageOf, ServiceError } from './service-error.js';
import { getTemporalBinary, pinnedVersion, type TemporalBinary } from './temporal-binary.js';
import {
  configuredNamespace,
  configuredTarget,
  connectClient,
  plainTarget,
  probe,
  type TemporalTarget,
} from './temporal-connection.js';

const retentionDays = 30;
const host = '127.0.0.1';

export interface ServerOptions {
  stateDir: string;
  say: (line: string) => void;
  env: NodeJS.ProcessEnv;
  /** Folder for the binary; for tests. */
  cache?: string;
}

/**
 * The target as it would be used now, without starting anything. null: seedmill would start its own server.
 * Throws a ServiceError when configured settings are unusable.
 */
export async function findTemporal(options: ServerOptions): Promise<TemporalTarget | null> {
  const configured = configuredTarget(options.env);
  if (configured !== null) return configured;
  const own = await ownServer(options);
  if (own?.alive) return ownTarget(own, options.env);
  if (await exists(stateFiles(options.stateDir).temporalDatabase)) return null;
  const address = `${host}:${preferredPort(options.env)}`;
  const namespace = configuredNamespace(options.env);
  return (await probe(address)) === 'temporal'
    ? plainTarget({ address, namespace, uiUrl: null, origin: 'local' })
    : null;
}

/**
 * Finds or starts a Temporal server and waits until it answers and has the namespace. Call under the start lock.
 * Throws a ServiceError that says what to do.
 */
export async function ensureTemporal(options: ServerOptions, lock: HeldLock): Promise<TemporalTarget> {
  const found = await findTemporal(options);
  if (found === null) return startOwn(options, lock);
  if (found.origin === 'own') {
    const own = await ownServer(options);
    if (own !== null) {
      await recordProcess(options.stateDir, own);
      await waitUntilReady(found, own);
    }
    return found;
  }
  options.say(`Temporal: using the server at ${found.address} (${whyThisOne(found)})`);
  await requireNamespace(found);
  return found;
}

export function whyThisOne({ origin }: TemporalTarget): string {
  if (origin === 'configured') return 'named by the TEMPORAL_* settings';
  return origin === 'local' ? 'it already listens on this machine' : "seedmill's own";
}

async function startOwn(options: ServerOptions, lock: HeldLock): Promise<TemporalTarget> {
  const { stateDir, say, env } = options;
  const files = stateFiles(stateDir);
  const binary = await binaryForDatabase(options);
  const before = await ownServer(options);
  const ports = await choosePorts(options, before);
  const args = startArguments({
    database: files.temporalDatabase,
    namespace: configuredNamespace(env),
    ports,
    isFair: await areQueuesFair(stateDir),
  });
  await lock.assertHeld();
  // Before the server makes the database, so that no database is ever without its version.
  await writeFileAtomic(files.temporalVersion, `${binary.serverVersion}\n`);
  const own = await startProcess({
    stateDir,
    name: 'temporal',
    command: binary.path,
    args,
    cwd: packageRoot,
    env: serverEnvironment(env),
    ports,
    fingerprint: binary.serverVersion,
  });
  const target = ownTarget(own, env);
  try {
    await waitUntilReady(target, own);
    await keepHistoriesLonger(target);
  } catch (error) {
    await stopProcess(own, { graceMs: 5_000 });
    throw error;
  }
  say(
    `Temporal: started server ${binary.serverVersion} at ${target.address} (pid ${own.pid}, log ${own.log})`,
  );
  return target;
}

/** No keys and no TEMPORAL_* settings, which would change the command's flags. */
function serverEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'].flatMap((name) =>
    env[name] ? [[name, env[name]]] : [],
  );
  // A larger heap for fewer collections: with the settings below 240 instead of 74 activities/s on 2 cores.
  return { ...Object.fromEntries(kept), GOGC: '400' };
}

/**
 * Whether queues serve runs in turn instead of first come, first served. A database stays with what it was begun with:
 * tasks that wait in the queues of one kind are not looked for in those of the other.
 */
async function areQueuesFair(stateDir: string): Promise<boolean> {
  const files = stateFiles(stateDir);
  const isOlder = (await exists(files.temporalDatabase)) && (await exists(files.temporalVersion));
  if (isOlder && !(await exists(files.temporalFairness))) return false;
  await writeFileAtomic(files.temporalFairness, 'matching.enableFairness=true\n');
  return true;
}

function startArguments(options: {
  database: string;
  namespace: string;
  ports: Ports;
  isFair: boolean;
}): string[] {
  const { database, namespace, ports, isFair } = options;
  const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'].flatMap((pragma) => ['--sqlite-pragma', pragma]);
  // One partition per queue: faster on one machine, and queue rate limits become exact.
  const partitions = ['Read', 'Write'].flatMap((kind) => [
    '--dynamic-config-value',
    `matching.numTaskqueue${kind}Partitions=1`,
  ]);
  // The usual 20 looks a second for work to hand on keep each step of a short workflow waiting for 50 ms.
  const looks = ['transfer', 'timer'].flatMap((kind) => [
    '--dynamic-config-value',
    `history.${kind}ProcessorMaxPollRPS=1000`,
  ]);
  return [
    ...['server', 'start-dev', '--ip', host, '--port', `${ports.grpc}`, '--ui-port', `${ports.ui}`],
    ...[
      '--namespace',
      namespace,
      '--log-level',
      'warn',
      '--db-filename',
      database,
      ...pragmas,
      ...partitions,
      ...looks,
      ...(isFair ? ['--dynamic-config-value', 'matching.enableFairness=true'] : []),
    ],
  ];
}

/** A database goes only with the server version that made it: Temporal's dev server does not migrate. */
async function binaryForDatabase({ stateDir, say, env, cache }: ServerOptions): Promise<TemporalBinary> {
  const files = stateFiles(stateDir);
  const options = { say, env, ...(cache === undefined ? {} : { cache }) };
  if (!(await exists(files.temporalDatabase))) return getTemporalBinary(options);
  const recorded = await readText(files.temporalVersion);
  if (recorded === null) {
    say(
      `${files.temporalVersion} is missing; taking ${files.temporalDatabase} as made by the present server version`,
    );
    return getTemporalBinary(options);
  }
  try {
    return await getTemporalBinary({ ...options, serverVersion: recorded });
  } catch (error) {
    throw new ServiceError(
      `${files.temporalDatabase} was made by Temporal server ${recorded}, and that version cannot be had: ` +
        `${messageOf(error)}. Put a Temporal CLI with server ${recorded} on the PATH; or move the database away ` +
        `(seedmill starts a new one with CLI ${pinnedVersion}; finished answers stay in the store).`,
    );
  }
}

type Ports = { grpc: number; ui: number };

/** The ports it had before, else the usual ones, else free ones. */
async function choosePorts({ say, env }: ServerOptions, before: FoundProcess | null): Promise<Ports> {
  const usual = preferredPort(env);
  const wanted = { grpc: before?.ports.grpc ?? usual, ui: before?.ports.ui ?? usual + 1000 };
  const grpc = await freePort(wanted.grpc);
  const ui = await freePort(wanted.ui, [grpc]);
  if (grpc !== wanted.grpc) say(`Temporal: port ${wanted.grpc} is in use by something else; taking ${grpc}`);
  if (ui !== wanted.ui) say(`Temporal UI: port ${wanted.ui} is in use; taking ${ui}`);
  return { grpc, ui };
}

async function ownServer({ stateDir, say }: ServerOptions): Promise<FoundProcess | null> {
  return (await ownedProcesses(stateDir, say)).find(({ name }) => name === 'temporal') ?? null;
}

function ownTarget({ ports }: OwnedProcess, env: NodeJS.ProcessEnv): TemporalTarget {
  return plainTarget({
    address: `${host}:${ports.grpc}`,
    namespace: configuredNamespace(env),
    uiUrl: `http://localhost:${ports.ui}`,
    origin: 'own',
  });
}

async function waitUntilReady(target: TemporalTarget, own: OwnedProcess): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; ) {
    if (!(await isAlive(own))) throw await startFailure(own, 'ended while starting');
    try {
      const { connection } = await connectClient(target, 2_000);
      await connection.workflowService
        .describeNamespace({ namespace: target.namespace })
        .finally(() => connection.close());
      return;
    } catch (error) {
      if (Date.now() > deadline) throw await startFailure(own, `does not answer: ${messageOf(error)}`);
      await sleep(100);
    }
  }
}

async function startFailure(own: OwnedProcess, what: string): Promise<ServiceError> {
  const tail = await logTail(own);
  return new ServiceError(
    [`the Temporal server (pid ${own.pid}) ${what}; end of ${own.log}:`, ...tail].join('\n  '),
  );
}

/** The dev server forgets finished runs after a day; people look at them for longer. */
async function keepHistoriesLonger(target: TemporalTarget): Promise<void> {
  const { connection } = await connectClient(target);
  try {
    await connection.workflowService.updateNamespace({
      namespace: target.namespace,
      config: { workflowExecutionRetentionTtl: msToTs(`${retentionDays} days`) },
    });
  } finally {
    await connection.close();
  }
}

async function requireNamespace(target: TemporalTarget): Promise<void> {
  const { connection } = await connectClient(target);
  try {
    await connection.workflowService.describeNamespace({ namespace: target.namespace });
  } catch (error) {
    // gRPC status 5: not found. Other failures (no permission to describe) say nothing about the namespace.
    if ((error as { code?: number }).code !== 5) return;
    throw new ServiceError(
      `the Temporal server at ${target.address} has no namespace "${target.namespace}": create it, or set TEMPORAL_NAMESPACE`,
    );
  } finally {
    await connection.close();
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function readText(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
