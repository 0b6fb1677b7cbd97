/** Keeps the services of a run alive for as long as the command that follows it lives. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FoundProcess, logTail, ownedProcesses } from './processes.js';
import { messageOf, ServiceError } from './service-error.js';
import { reviveServices, type Services, type ServicesOptions } from './services.js';

const lookEveryMs = 1_000;
const restartsPerWindow = 3;
const windowMs = 60_000;

export interface SupervisorOptions extends ServicesOptions {
  /** What `ensureServices` returned. */
  services: Services;
  /**
   * Called when a process keeps dying (with the end of its log) or cannot be started. The supervisor tries again
   * after a minute.
   */
  onFailure: (error: ServiceError) => void;
}

export interface Supervisor {
  /** Stops supervising; the services go on. Resolves when no restart is under way any more. */
  stop(): Promise<void>;
}

/**
 * Looks every second for children that died, Temporal's server among them, and starts them again with the same
 * ports and files: at most three times a minute each. A server that is not ours is left alone.
 */
export function superviseServices(options: SupervisorOptions): Supervisor {
  const controller = new AbortController();
  const done = watch(options, controller.signal);
  return {
    stop: () => {
      controller.abort();
      return done;
    },
  };
}

async function watch(options: SupervisorOptions, signal: AbortSignal): Promise<void> {
  const restarts: Restarts = { times: new Map(), lastError: null };
  let isToldOfStop = false;
  while (!signal.aborted) {
    try {
      const gone = await goneServices(options);
      const stopped = gone.some((owned) => owned.stopped);
      if (stopped && !isToldOfStop) {
        options.onFailure(
          new ServiceError('`seedmill down` ended the services; the same command starts them again'),
        );
      }
      isToldOfStop = stopped;
      if (gone.length > 0 && !stopped) await revive(options, { dead: gone, restarts, signal });
    } catch (error) {
      options.onFailure(error instanceof ServiceError ? error : new ServiceError(messageOf(error)));
      await pause(windowMs, signal);
    }
    await pause(lookEveryMs, signal);
  }
}

async function goneServices(options: SupervisorOptions): Promise<FoundProcess[]> {
  const { stateDir, needs, say, services } = options;
  const needed = new Set([
    ...(services.temporal.origin === 'own' ? ['temporal'] : []),
    ...(needs.localTeacher ? ['teacher'] : []),
    ...(needs.student ? ['student'] : []),
    ...(needs.worker ? ['worker'] : []),
  ]);
  return (await ownedProcesses(stateDir, say)).filter(({ name, alive }) => needed.has(name) && !alive);
}

interface Restarts {
  /** When each service was started again, in the last minute. */
  times: Map<string, number[]>;
  /** Why the last start failed. */
  lastError: Error | null;
}

async function revive(
  options: SupervisorOptions,
  { dead, restarts, signal }: { dead: FoundProcess[]; restarts: Restarts; signal: AbortSignal },
): Promise<void> {
  for (const owned of dead) {
    const recent = (restarts.times.get(owned.name) ?? []).filter((at) => at > Date.now() - windowMs);
    if (recent.length >= restartsPerWindow) throw await tooManyDeaths(owned, restarts.lastError);
    restarts.times.set(owned.name, [...recent, Date.now()]);
    options.say(`${owned.name} (pid ${owned.pid}) died; starting it again`);
  }
  if (signal.aborted) return;
  restarts.lastError = null;
  try {
    const { temporal } = await reviveServices(options);
    if (temporal.address === options.services.temporal.address) return;
    const from = options.services.temporal.address;
    options.onFailure(
      new ServiceError(`Temporal had to move from ${from} to ${temporal.address}: run the command again`),
    );
  } catch (error) {
    // It may have been killed while it started: the next look tries again, as often as is allowed.
    restarts.lastError = error instanceof Error ? error : new Error(String(error));
  }
}

async function tooManyDeaths(owned: FoundProcess, lastError: Error | null): Promise<ServiceError> {
  const what = `${owned.name} died ${restartsPerWindow + 1} times within a minute; the next try is in a minute`;
  if (lastError !== null) return new ServiceError(`${what}. ${lastError.message}`);
  return new ServiceError([`${what}. End of ${owned.log}:`, ...(await logTail(owned))].join('\n  '));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
