/**
 * Everything a run needs beside itself: Temporal, the local teacher, the student, the workers. Found or started,
 * one start at a time per state folder, and left running when the command ends; `stopServices` ends them.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { stateFiles } from './folders.js';
import { type HeldLock, withLock } from './lock.js';
import { nodeWorkerService } from './node-worker-service.js';
import { type FoundProcess, ownedProcesses, recordProcess } from './processes.js';
import { type PythonSet, preparePython } from './python-environment.js';
import { ensureSearchAttributes, type SearchAttributeName } from './search-attributes.js';
import { ensureService, type Service } from './service.js';
import { stopService } from './stop-service.js';
import { messageOf, ServiceError } from './service-error.js';
import { studentService } from './student-service.js';
import { type LocalTeacher, recordTeacher, teacherService } from './teacher-service.js';
import { connectClient, type TemporalTarget } from './temporal-connection.js';
import { ensureTemporal } from './temporal-server.js';

export interface ServiceNeeds {
  /** A GGUF by path, else the bundled model. */
  localTeacher?: { gguf?: string };
  student?: boolean;
  worker?: { queues: string[] };
}

export interface ServicesOptions {
  stateDir: string;
  storeUrl: string;
  needs: ServiceNeeds;
  /** One line for people at a time. */
  say: (line: string) => void;
  /** Called as soon as the server answers, long before everything else is ready. */
  onTemporal?: (target: TemporalTarget) => void;
  env?: NodeJS.ProcessEnv;
  /** Folder for binaries and Python environments; for tests. */
  cache?: string;
}

export interface Services {
  temporal: TemporalTarget;
  /** Those that runs may upsert. */
  searchAttributes: SearchAttributeName[];
  teacher: LocalTeacher | null;
}

/**
 * Finds or starts what is needed and waits until all of it is ready. Call it again at any time: what runs already
 * is kept, unless it was started from another build, for another store or with other settings.
 * Throws a ServiceError with the end of the log of whatever does not start.
 */
export function ensureServices(options: ServicesOptions): Promise<Services> {
  return bringUp(options, { replaceOutdated: true });
}

/** `ensureServices` for a supervisor, which only replaces the dead. */
export function reviveServices(options: ServicesOptions): Promise<Services> {
  return bringUp(options, { replaceOutdated: false });
}

async function bringUp(
  options: ServicesOptions,
  { replaceOutdated }: { replaceOutdated: boolean },
): Promise<Services> {
  const { needs, say, cache } = options;
  const stateDir = path.resolve(options.stateDir);
  const env = options.env ?? process.env;
  const cached = cache === undefined ? {} : { cache };
  await makeFolder(stateDir);

  const temporal = await withStartLock({ stateDir, say }, (lock) =>
    ensureTemporal({ stateDir, say, env, ...cached }, lock),
  );
  options.onTemporal?.(temporal);
  const searchAttributes = await registerSearchAttributes(temporal, say);

  // Installing can take minutes and has a lock of its own: others may start meanwhile what needs no Python.
  const sets = pythonSets(needs);
  const python = sets.length === 0 ? null : (await preparePython({ sets, say, env, ...cached })).python;
  const services: Service[] = [];
  const shared = { stateDir, storeUrl: options.storeUrl, target: temporal, env };
  if (python !== null && needs.localTeacher) {
    services.push(await teacherService({ ...shared, python, ...needs.localTeacher }));
  }
  if (python !== null && needs.student) services.push(await studentService({ ...shared, python }));
  if (needs.worker) services.push(await nodeWorkerService({ ...shared, queues: needs.worker.queues }));

  return withStartLock({ stateDir, say }, async (lock) => {
    const started = await settleAll(
      services.map((service) => ensureService({ stateDir, service, say, lock, replaceOutdated })),
    );
    const teacher = started.find(({ name }) => name === 'teacher');
    return {
      temporal,
      searchAttributes,
      teacher: teacher === undefined ? null : await recordTeacher(stateDir, teacher),
    };
  });
}

/** Waits for all, so that nothing goes on starting behind a failure; then throws the first failure. */
async function settleAll<T>(promises: Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function pythonSets({ localTeacher, student }: ServiceNeeds): PythonSet[] {
  const bundledModel = student || (localTeacher !== undefined && localTeacher.gguf === undefined);
  return [
    ...(bundledModel ? (['model'] as const) : []),
    ...(localTeacher ? (['teacher'] as const) : []),
    ...(student ? (['student'] as const) : []),
  ];
}

async function registerSearchAttributes(target: TemporalTarget, say: (line: string) => void) {
  const client = await connectClient(target);
  try {
    return await ensureSearchAttributes(client, say);
  } finally {
    await client.connection.close();
  }
}

export function withStartLock<T>(
  { stateDir, say }: { stateDir: string; say: (line: string) => void },
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  const { startLock } = stateFiles(stateDir);
  const onWait = () =>
    say(`Another seedmill is starting or stopping services of ${stateDir}; waiting for it.`);
  return withLock({ target: startLock, onWait }, work);
}

async function makeFolder(stateDir: string): Promise<void> {
  try {
    await mkdir(stateDir, { recursive: true });
  } catch (error) {
    throw new ServiceError(`the state folder ${stateDir} cannot be made: ${messageOf(error)}`);
  }
}

export interface StopOptions {
  stateDir: string;
  say: (line: string) => void;
  /** How long each may take to end by itself, calls in flight apart. Default 30 s. */
  graceMs?: number;
  /** Calls in flight are not waited for: their answers are lost, and may be paid for twice. */
  now?: boolean;
  /** Those that shall go on. */
  keep?: string[];
  /** Asked under the lock: a run that was started meanwhile keeps its services. */
  onlyIf?: () => Promise<boolean>;
}

/** Workers finish what they have in flight, for which they need the teacher and the server. */
const stopOrder = [['worker', 'student'], ['teacher'], ['temporal']];

/** Ends every process that seedmill owns in this state folder. Returns those that were alive. */
export async function stopServices({
  stateDir,
  say,
  graceMs,
  now = false,
  keep = [],
  onlyIf = async () => true,
}: StopOptions): Promise<FoundProcess[]> {
  await makeFolder(stateDir);
  return withStartLock({ stateDir, say }, async () => {
    if (!(await onlyIf())) return [];
    const owned = await ownedProcesses(stateDir, say);
    const alive = owned.filter(({ name, alive }) => alive && !keep.includes(name));
    const stop = async (owned: FoundProcess) => {
      // First the note, so that no supervisor takes the end for a death.
      await recordProcess(stateDir, { ...owned, stopped: true });
      const how = await stopService({
        ...{ stateDir, owned, say, waitsForCalls: !now },
        ...(graceMs !== undefined && { graceMs }),
      });
      say(`${owned.name}: ${how === 'killed' ? 'killed after its grace time' : 'ended'} (pid ${owned.pid})`);
    };
    for (const names of stopOrder) {
      await settleAll(alive.filter(({ name }) => names.includes(name)).map(stop));
    }
    return alive;
  });
}
