/** Deals out the disturbances of one run, each when it is due, and notes what it hit. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProjectFolder, untilGone } from '../../test/cli/project-folder.js';
import { signalGroup, startTimeOf } from '../../workers/process-table.js';
import type { Disturbance, Victim } from './disturbances.js';
import { requestsInFlight } from './in-flight.js';
import type { KeptProcess } from './kept-process.js';
import { runId } from './recipe.js';
import type { TeacherProcess } from './teacher-process.js';

/** A disturbance that took place. */
export interface Blow extends Disturbance {
  /** Requests that the teacher had received. */
  atRequests: number;
  /** Of the process that was hit: ids of requests without an answer. */
  inFlight: string[];
}

export interface Scene {
  project: ProjectFolder;
  teacher: TeacherProcess;
  command: KeptProcess;
  secondWorker: KeptProcess;
  isOver: () => boolean;
}

/** Resolves when all were dealt or the run is over, and everything that was stopped goes on. */
export async function dealBlows(
  scene: Scene,
  options: { disturbances: readonly Disturbance[]; stopMs: number; say: (line: string) => void },
): Promise<Blow[]> {
  const { disturbances, stopMs, say } = options;
  const blows: Blow[] = [];
  const stopped: Promise<void>[] = [];
  for (const disturbance of disturbances) {
    const { how, victim, afterRequests, delayMs } = disturbance;
    while (!scene.isOver() && (await scene.teacher.look()) < afterRequests) await sleep(20);
    if (!scene.isOver()) await sleep(delayMs);
    const hit = await catchVictim(scene, victim);
    if (hit === null) break;
    hit.send(how === 'kill' ? 'SIGKILL' : 'SIGSTOP');
    if (how === 'kill') await untilGone(hit.pid, hit.startTime);
    const atRequests = await scene.teacher.look();
    const isWorker = victim === 'worker' || victim === 'second worker';
    const inFlight = isWorker
      ? await requestsInFlight({ store: await scene.project.store(), runId, pid: hit.pid })
      : [];
    blows.push({ ...disturbance, atRequests, inFlight });
    say(`${how} ${victim} (pid ${hit.pid}) after ${atRequests} requests, ${inFlight.length} in flight`);
    if (how === 'stop') stopped.push(goOn(hit, stopMs));
  }
  await Promise.all(stopped);
  return blows;
}

interface Hit {
  pid: number;
  startTime: string;
  send: (signal: NodeJS.Signals) => void;
}

async function goOn({ pid, startTime, send }: Hit, stopMs: number): Promise<void> {
  await sleep(stopMs);
  if ((await startTimeOf(pid)) === startTime) send('SIGCONT');
}

/** Waits until the victim lives, as it may be starting again; null when the run is over before. */
async function catchVictim(scene: Scene, victim: Victim): Promise<Hit | null> {
  for (;;) {
    if (scene.isOver()) return null;
    const hit = await find(scene, victim);
    if (hit !== null) return hit;
    await sleep(50);
  }
}

async function find({ project, command, secondWorker }: Scene, victim: Victim): Promise<Hit | null> {
  if (victim === 'worker' || victim === 'temporal') {
    const owned = (await project.processes()).find(({ name, alive }) => name === victim && alive);
    return owned ? { ...owned, send: (signal) => void signalGroup(owned.pid, signal) } : null;
  }
  const { pid } = victim === 'command' ? command : secondWorker;
  const startTime = pid === null ? null : await startTimeOf(pid);
  if (pid === null || startTime === null) return null;
  return { pid, startTime, send: (signal) => void process.kill(pid, signal) };
}
