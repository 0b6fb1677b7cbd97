/**
 * The processes that seedmill owns in one state folder: started detached, so that they outlive the command that
 * started them, recorded in `processes.json`, found again by pid and start time, ended by `down`.
 *
 * A dead process keeps its entry, so that its successor can have the same ports.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { stateFiles } from './folders.js';
import { markedProcesses, ownerVariable, signalGroup, startTimeOf } from './process-table.js';
import { messageOf, ServiceError } from './service-error.js';

const markSchema = z.object({
  stateDir: z.string(),
  name: z.string(),
  /** Port by purpose, for example `{grpc: 7233, ui: 8233}`. */
  ports: z.record(z.string(), z.number().int()),
  /** Hash of everything the process was started with; another one means that it must be replaced. */
  fingerprint: z.string(),
  /** Task queues that a worker serves. */
  queues: z.array(z.string()).default([]),
  log: z.string(),
  /** Length of the log file when the process started: what it wrote itself comes behind. */
  logStart: z.number().int(),
});
const ownedSchema = markSchema.omit({ stateDir: true }).extend({
  pid: z.number().int().positive(),
  startTime: z.string(),
  /** For people; never the environment, where keys live. */
  command: z.string(),
  /** Ended on purpose: no supervisor shall start it again. */
  stopped: z.boolean().default(false),
});
const registrySchema = z.object({ version: z.literal(1), processes: z.array(ownedSchema) });

export type OwnedProcess = z.infer<typeof ownedSchema>;

export interface FoundProcess extends OwnedProcess {
  alive: boolean;
}

type Say = (line: string) => void;

/**
 * Everything in the registry, each entry checked against the process table, and children that carry this state
 * folder's mark without having an entry. A damaged registry is set aside and rebuilt from the marks.
 */
export async function ownedProcesses(stateDir: string, say: Say): Promise<FoundProcess[]> {
  const entries = await readEntries(stateDir, say);
  const found = await Promise.all(
    entries.map(async (entry) => ({ ...entry, alive: (await startTimeOf(entry.pid)) === entry.startTime })),
  );
  for (const child of await unrecorded(stateDir, found)) {
    const dead = found.findIndex((entry) => entry.name === child.name && !entry.alive);
    if (dead >= 0) found.splice(dead, 1);
    found.push({ ...child, alive: true });
  }
  return found;
}

async function readEntries(stateDir: string, say: Say): Promise<OwnedProcess[]> {
  const file = stateFiles(stateDir).registry;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    return registrySchema.parse(JSON.parse(text)).processes;
  } catch {
    const aside = `${file}.damaged`;
    await rename(file, aside);
    say(`${file} is damaged; set aside as ${path.basename(aside)}, looking for its processes by their mark`);
    return [];
  }
}

async function unrecorded(stateDir: string, known: FoundProcess[]): Promise<OwnedProcess[]> {
  const { root } = stateFiles(stateDir);
  const alive = new Set(known.filter((entry) => entry.alive).map((entry) => entry.pid));
  const children: OwnedProcess[] = [];
  for (const { pid, mark } of await markedProcesses()) {
    const parsed = parseMark(mark);
    if (parsed === null || parsed.stateDir !== root || alive.has(pid)) continue;
    const startTime = await startTimeOf(pid);
    if (startTime === null) continue;
    const { stateDir: _, ...rest } = parsed;
    children.push({ ...rest, pid, startTime, command: '(found by its mark)', stopped: false });
  }
  return children;
}

function parseMark(mark: string): z.infer<typeof markSchema> | null {
  try {
    return markSchema.parse(JSON.parse(mark));
  } catch {
    return null;
  }
}

/** Writers in this process take turns; writers in other processes hold the start lock. */
let writing: Promise<unknown> = Promise.resolve();

function updateRegistry(
  stateDir: string,
  change: (entries: OwnedProcess[]) => OwnedProcess[],
): Promise<void> {
  const write = async () => {
    const entries = change(await readEntries(stateDir, () => {}));
    const text = `${JSON.stringify({ version: 1, processes: entries }, null, 2)}\n`;
    await writeFileAtomic(stateFiles(stateDir).registry, text);
  };
  const result = writing.then(write);
  writing = result.catch(() => {});
  return result;
}

/** Writes a process into the registry in place of any other with its name. */
export async function recordProcess(stateDir: string, owned: OwnedProcess): Promise<void> {
  const entry = ownedSchema.parse(owned);
  await updateRegistry(stateDir, (entries) => [...entries.filter(({ name }) => name !== entry.name), entry]);
}

export interface StartOptions {
  stateDir: string;
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  ports: Record<string, number>;
  fingerprint: string;
  queues?: string[];
}

/**
 * Starts a detached child with its own process group and its output in `logs/<name>.log`, and records it.
 * Throws a ServiceError when the command cannot be run at all.
 */
export async function startProcess(options: StartOptions): Promise<OwnedProcess> {
  const { stateDir, name, command, args, cwd, env, ports, fingerprint, queues = [] } = options;
  const { root, logs } = stateFiles(stateDir);
  await mkdir(logs, { recursive: true });
  const log = path.join(logs, `${name}.log`);
  const output = openSync(log, 'a');
  try {
    const shared = { name, ports, fingerprint, queues, log, logStart: fstatSync(output).size };
    const child = spawn(command, args, {
      cwd,
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...env, [ownerVariable]: JSON.stringify({ stateDir: root, ...shared }) },
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new ServiceError(`cannot start ${command}: ${error.message}`)));
    });
    child.unref();
    const pid = child.pid as number;
    // A child that has ended already gets a start time that no process can have.
    const startTime = (await startTimeOf(pid)) ?? 'ended';
    const owned = { ...shared, pid, startTime, command: [command, ...args].join(' '), stopped: false };
    await recordProcess(stateDir, owned);
    return owned;
  } finally {
    closeSync(output);
  }
}

export async function isAlive({ pid, startTime }: Pick<OwnedProcess, 'pid' | 'startTime'>): Promise<boolean> {
  return (await startTimeOf(pid)) === startTime;
}

export interface StopProcessOptions {
  graceMs: number;
  /** What it waits for itself, in milliseconds since 1970: the grace time then begins there, if that is later. */
  waitsUntilMs?: () => Promise<number>;
}

/**
 * Ends a process and its group: SIGTERM, and SIGKILL for what is left after the grace time. Does nothing when
 * the pid belongs to somebody else by now.
 */
export async function stopProcess(
  owned: OwnedProcess,
  { graceMs, waitsUntilMs = async () => 0 }: StopProcessOptions,
): Promise<'ended' | 'killed' | 'was-dead'> {
  if (!(await isAlive(owned))) return 'was-dead';
  signalGroup(owned.pid, 'SIGTERM');
  const beganMs = Date.now();
  while (await isAlive(owned)) {
    if (Date.now() > Math.max(beganMs, await waitsUntilMs()) + graceMs) {
      signalGroup(owned.pid, 'SIGKILL');
      while (await isAlive(owned)) await sleep(20);
      return 'killed';
    }
    await sleep(50);
  }
  // Grandchildren that did not follow their leader.
  signalGroup(owned.pid, 'SIGKILL');
  return 'ended';
}

/** Last lines that the process itself wrote, at most `count`. */
export async function logTail(owned: Pick<OwnedProcess, 'log' | 'logStart'>, count = 15): Promise<string[]> {
  return (await ownLog(owned)).split('\n').filter(Boolean).slice(-count);
}

/** What the process wrote to its log since it started. */
export async function ownLog({ log, logStart }: Pick<OwnedProcess, 'log' | 'logStart'>): Promise<string> {
  try {
    return (await readFile(log)).subarray(logStart).toString('utf8');
  } catch (error) {
    return `(no log: ${messageOf(error)})`;
  }
}
