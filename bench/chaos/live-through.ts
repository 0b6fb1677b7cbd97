/** One run with two workers and whatever disturbs it, from the first command to what it left. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runFiles } from '../../activities/run-files.js';
import type { RunManifest } from '../../client/run-identity.js';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { seededRandom } from '../../methods/random.js';
import { readJsonIfAny, readJsonlAt } from '../../store/artifacts.js';
import { responseName } from '../../store/response-store.js';
import { type Dataset, readDataset } from '../../test/cli/helpers.js';
import { onlyJson, ProjectFolder } from '../../test/cli/project-folder.js';
import { type Books, readBooks } from '../../test/cli/provider-books.js';
import type { LoggedRequest } from '../../test/openai-server.js';
import { type Blow, dealBlows } from './blows.js';
import type { Disturbance } from './disturbances.js';
import { KeptProcess } from './kept-process.js';
import { latencyMs, price, runId } from './recipe.js';
import { TeacherProcess } from './teacher-process.js';

/** A run at its end, with everything that it is judged by. */
export interface LivedRun {
  seconds: number;
  status: StatusReport;
  verify: VerifyReport;
  requests: readonly LoggedRequest[];
  books: Books;
  blows: Blow[];
  /** Times that the command was given again. */
  commandAgain: number;
  dataset: Dataset;
  /** Ids of every accepted example, exported or surplus. */
  acceptedIds: string[];
  /** When each answer was in the store, by call key, in milliseconds since the epoch. */
  storedAt: Map<string, number>;
  folder: string;
  remove: () => Promise<void>;
}

export interface LiveOptions {
  recipe: Record<string, unknown>;
  seed: number;
  disturbances: readonly Disturbance[];
  stopMs: number;
  say: (line: string) => void;
}

export async function liveThrough(options: LiveOptions): Promise<LivedRun> {
  const { recipe, disturbances, stopMs, say } = options;
  const project = await ProjectFolder.make({ recipe });
  const logFile = project.file('requests.jsonl');
  const script = new URL('./teacher-script.ts', import.meta.url);
  const teacher = await TeacherProcess.start({ logFile, latencyMs, script });
  const processes: KeptProcess[] = [];
  try {
    const startMs = performance.now();
    let isOver = false;
    const command = keepCommand({ project, teacher, ...options });
    processes.push(command);
    const over = () => {
      isOver = true;
    };
    command.done.then(over, over);
    const secondWorker = await keepSecondWorker({ project, teacher, isOver: () => isOver, say });
    if (secondWorker) processes.push(secondWorker);
    const blows = secondWorker
      ? await dealBlows(
          { project, teacher, command, secondWorker, isOver: () => isOver },
          { disturbances, stopMs, say },
        )
      : [];
    const end = await command.done;
    const seconds = (performance.now() - startMs) / 1_000;
    if (end === null) throw new Error('the command was told to end');
    // A worker that has just been woken up still has its last answers to book.
    await project.run(['down']);
    await secondWorker?.end();
    await teacher.look();
    const left = await readWhatIsLeft(project, teacher, onlyJson<StatusReport>(end));
    return {
      ...{ seconds, blows, commandAgain: command.again, requests: teacher.requests },
      ...left,
      folder: project.folder,
      remove: () => project.stop(),
    };
  } catch (error) {
    say(`what there is lies in ${project.folder}`);
    throw error;
  } finally {
    await Promise.all(processes.map((kept) => kept.end().catch(() => {})));
    await project.endProcesses();
    await teacher.stop();
  }
}

interface Place {
  project: ProjectFolder;
  teacher: TeacherProcess;
  say: (line: string) => void;
}

/** `seedmill run`, given again until the run has ended: it rejoins. */
function keepCommand({ project, teacher, seed, say }: Place & LiveOptions): KeptProcess {
  const random = seededRandom('chaos', seed, 'pauses');
  return new KeptProcess({
    start: () =>
      project.spawn(['run', 'recipe.yaml', '--id', runId, '--json'], { OPENAI_BASE_URL: teacher.baseUrl }),
    isDone: ({ code, stdout }) => code !== undefined && stdout !== '',
    pauseMs: () => random.int(3_000),
    mostTimes: 50,
    onEnd: ({ code, stderr }) => say(`the command ended (${code ?? 'killed'}); again. ${lastLine(stderr)}`),
  });
}

/**
 * A worker in the foreground beside the one that the command supervises, as on a second machine, with a service manager
 * that starts it again. null: the run is over before it has a name.
 */
async function keepSecondWorker(place: Place & { isOver: () => boolean }): Promise<KeptProcess | null> {
  const { project, teacher, isOver, say } = place;
  const queues = await queuesOf(project, isOver);
  if (queues === null) return null;
  const env = {
    OPENAI_BASE_URL: teacher.baseUrl,
    TEMPORAL_ADDRESS: `127.0.0.1:${project.env.SEEDMILL_TEMPORAL_PORT}`,
  };
  return new KeptProcess({
    start: () => project.spawn(['worker', '--queues', queues.join(',')], env),
    isDone: () => false,
    pauseMs: () => 1_000,
    mostTimes: 200,
    onEnd: ({ code, stderr }) =>
      say(`the second worker ended (${code ?? 'killed'}); again. ${lastLine(stderr)}`),
  });
}

async function queuesOf(project: ProjectFolder, isOver: () => boolean): Promise<string[] | null> {
  const store = await project.store();
  while (!isOver()) {
    const manifest = await readJsonIfAny<RunManifest>(store, runFiles(runId).manifest);
    if (manifest) return ['seedmill', 'cpu', ...manifest.teacherQueues];
    await sleep(50);
  }
  return null;
}

async function readWhatIsLeft(project: ProjectFolder, teacher: TeacherProcess, status: StatusReport) {
  const store = await project.store();
  const verify = onlyJson<VerifyReport>(await project.run(['verify', runId, '--json']));
  const { requests } = teacher;
  const books = await readBooks({ store, runId, rounds: verify.rounds, requests, price });
  const dataset = await readDataset(status);
  const surplus = await readJsonlAt<{ id: string }>(store, runFiles(runId).dataset('surplus.jsonl'));
  const storedAt = new Map<string, number>();
  for (const { intent } of books.attempts) {
    const file = path.join(project.storeDir, responseName(intent.callKey));
    // The last change to its inode is the end of its creation: the temporary name goes once the real one is there.
    const found = await stat(file).catch(() => null);
    if (found) storedAt.set(intent.callKey, found.ctimeMs);
  }
  const lineage = dataset.lineage as { id: string }[];
  return {
    status,
    verify,
    books,
    dataset,
    storedAt,
    acceptedIds: [...lineage, ...surplus].map(({ id }) => id),
  };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
