/** One process beside Temporal: adopted when it is the right one, started otherwise, waited for until it is ready. */
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from './folders.js';
import type { HeldLock } from './lock.js';
import {
  isAlive,
  logTail,
  type OwnedProcess,
  ownedProcesses,
  recordProcess,
  startProcess,
  stopProcess,
} from './processes.js';
import { stopService } from './stop-service.js';
import { messageOf, ServiceError } from './service-error.js';

export type ServiceName = 'teacher' | 'student' | 'worker';

export interface Service {
  name: ServiceName;
  /** For people. */
  label: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Hash of everything that a running process must share to be kept. */
  fingerprint: string;
  /** Task queues to serve; a running process that serves more will do. */
  queues: string[];
  /** Arguments that depend on the moment: the queues decided on, a free port. `before` is its dead predecessor. */
  lastArguments(options: { queues: string[]; before: OwnedProcess | null }): Promise<{
    args: string[];
    ports: Record<string, number>;
  }>;
  readyWithinMs: number;
  /** Throws or returns false while it is not ready yet. */
  isReady(owned: OwnedProcess): Promise<boolean>;
}

export interface EnsureServiceOptions {
  stateDir: string;
  service: Service;
  say: (line: string) => void;
  lock: HeldLock;
  /** false: any living process under this name will do, whatever it was started with. */
  replaceOutdated: boolean;
}

/** Adopts or starts the service and waits until it is ready. Throws a ServiceError with the end of its log. */
export async function ensureService(options: EnsureServiceOptions): Promise<OwnedProcess> {
  const { stateDir, service, say, lock, replaceOutdated } = options;
  const found = (await ownedProcesses(stateDir, say)).find(({ name }) => name === service.name) ?? null;
  const servesAll = service.queues.every((queue) => found?.queues.includes(queue));
  if (found?.alive) {
    if (servesAll && (!replaceOutdated || found.fingerprint === service.fingerprint)) {
      await recordProcess(stateDir, found);
      await untilReady(service, found);
      return found;
    }
    const why = servesAll ? 'runs another build or other settings' : 'does not serve all the queues';
    say(`${service.label}: pid ${found.pid} ${why}; replacing it`);
    await stopService({ stateDir, owned: found, say });
  }
  const { name, command, env, label, fingerprint } = service;
  // Other runs may still need the queues that it served before.
  const queues = [...new Set([...service.queues, ...(found?.queues ?? [])])];
  const { args, ports } = await service.lastArguments({ queues, before: found });
  await lock.assertHeld();
  const owned = await startProcess({
    ...{ stateDir, name, command, env, ports, fingerprint, queues },
    args: [...service.args, ...args],
    cwd: packageRoot,
  });
  try {
    await untilReady(service, owned);
  } catch (error) {
    await stopProcess(owned, { graceMs: 2_000 });
    throw error;
  }
  say(`${label}: started (pid ${owned.pid}, log ${owned.log})`);
  return owned;
}

async function untilReady(service: Service, owned: OwnedProcess): Promise<void> {
  let reason = 'is not ready';
  for (const deadline = Date.now() + service.readyWithinMs; ; ) {
    const alive = await isAlive(owned);
    try {
      if (alive && (await service.isReady(owned))) return;
    } catch (error) {
      reason = `is not ready (${messageOf(error)})`;
    }
    if (!alive) throw await failure(service, owned, 'ended while starting');
    if (Date.now() > deadline)
      throw await failure(service, owned, `${reason} after ${service.readyWithinMs / 1000} s`);
    await sleep(200);
  }
}

async function failure(service: Service, owned: OwnedProcess, what: string): Promise<ServiceError> {
  const tail = await logTail(owned);
  return new ServiceError(
    [`${service.label} (pid ${owned.pid}) ${what}; end of ${owned.log}:`, ...tail].join('\n  '),
  );
}
