/** A small run, the plan that it makes possible, and the run that was planned, whose processes are killed on its way. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunExpectation } from '../../client/plan/run-expectation.js';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { ended, onlyJson, ProjectFolder, untilGone } from '../../test/cli/project-folder.js';
import { type Books, readBooks } from '../../test/cli/provider-books.js';
import type { LoggedRequest } from '../../test/openai-server.js';
import { signalGroup } from '../../workers/process-table.js';
import { requestsInFlight } from '../chaos/in-flight.js';
import { TeacherProcess } from '../chaos/teacher-process.js';
import { latencyMs, pilotId, price, queryTypes, runId, skillMixRecipe, skills } from './recipe.js';

const victims = ['worker', 'temporal'] as const;

/** A process group that was killed with SIGKILL. */
export interface Kill {
  victim: (typeof victims)[number];
  /** Requests of the run that the teacher had received. */
  atRequests: number;
  /** Ids of requests that it had sent and not yet booked. */
  inFlight: string[];
}

/** The run at its end, with everything that it is judged by. */
export interface KilledRun {
  project: ProjectFolder;
  pilot: StatusReport;
  plan: RunExpectation;
  seconds: number;
  kills: Kill[];
  status: StatusReport;
  verify: VerifyReport;
  /** Of the run, not of the pilot. */
  requests: LoggedRequest[];
  books: Books;
}

export interface KilledRunOptions {
  examples: number;
  /** Examples of the pilot. */
  pilot: number;
  kills: number;
  seed: number;
  say: (line: string) => void;
}

export async function liveThroughKills(options: KilledRunOptions): Promise<KilledRun> {
  const { examples, seed, say } = options;
  const project = await ProjectFolder.make({ recipe: skillMixRecipe({ examples, seed }) });
  await writeFile(project.file('skills.txt'), `${skills.join('\n')}\n`);
  const rows = queryTypes.map((type) => JSON.stringify(type));
  await writeFile(project.file('query-types.jsonl'), `${rows.join('\n')}\n`);
  const script = new URL('./teacher-script.ts', import.meta.url);
  const logFile = project.file('requests.jsonl');
  const teacher = await TeacherProcess.start({ logFile, latencyMs, script });
  try {
    return { project, ...(await live({ project, teacher, options })) };
  } catch (error) {
    say(`what there is lies in ${project.folder}`);
    throw error;
  } finally {
    await project.endProcesses();
    await teacher.stop();
  }
}

interface Place {
  project: ProjectFolder;
  teacher: TeacherProcess;
  options: KilledRunOptions;
}

async function live(place: Place): Promise<Omit<KilledRun, 'project'>> {
  const { project, teacher, options } = place;
  const { seed, say } = options;
  const env = { OPENAI_BASE_URL: teacher.baseUrl };
  // Another seed: with the same one its answers would be found in the store, and cost nothing again.
  const changes = ['--set', `target=${options.pilot}`, '--set', `seed=${seed + 1}`];
  const pilot = await project.json<StatusReport>(['run', 'recipe.yaml', '--id', pilotId, ...changes], env);
  say(`pilot: ${pilot.calls.planned} calls for ${pilot.accepted} examples`);
  const plan = await project.json<RunExpectation>(['plan', 'recipe.yaml'], env);
  const { total } = plan;
  say(`plan: ${total.calls} calls, ${total.requests} requests, $${total.usd}`);

  const before = await teacher.look();
  const startMs = performance.now();
  const command = project.spawn(['run', 'recipe.yaml', '--id', runId, '--json'], env);
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  command.then(over, over);
  const kills = await deal({ ...place, before, requests: total.requests, isOver: () => isOver });
  const end = ended(await command);
  const seconds = (performance.now() - startMs) / 1_000;
  if (end.stdout === '') throw new Error(`the run ended with ${end.code}: ${end.stderr}`);
  const status = onlyJson<StatusReport>(end);

  await project.run(['down']);
  const verify = onlyJson<VerifyReport>(await project.run(['verify', runId, '--json']));
  await teacher.look();
  const requests = teacher.requests.slice(before);
  const store = await project.store();
  const books = await readBooks({ store, runId, rounds: verify.rounds, requests, price });
  return { pilot, plan, seconds, kills, status, verify, requests, books };
}

/** Kills one after another, evenly over the requests that are expected. */
async function deal(
  scene: Place & { before: number; requests: number; isOver: () => boolean },
): Promise<Kill[]> {
  const { project, teacher, options, before, requests, isOver } = scene;
  const kills: Kill[] = [];
  for (let n = 0; n < options.kills; n += 1) {
    const due = (requests * (n + 1)) / (options.kills + 1);
    while (!isOver() && (await teacher.look()) - before < due) await sleep(20);
    const victim = victims[n % victims.length] as Kill['victim'];
    const hit = await find({ project, victim, isOver });
    if (hit === null) break;
    signalGroup(hit.pid, 'SIGKILL');
    await untilGone(hit.pid, hit.startTime);
    const atRequests = (await teacher.look()) - before;
    const store = await project.store();
    const inFlight = victim === 'worker' ? await requestsInFlight({ store, runId, pid: hit.pid }) : [];
    kills.push({ victim, atRequests, inFlight });
    options.say(
      `kill -9 ${victim} (pid ${hit.pid}) after ${atRequests} requests, ${inFlight.length} in flight`,
    );
  }
  return kills;
}

/** Waits until it lives, as it may be starting again; null when the run is over before. */
async function find(options: { project: ProjectFolder; victim: string; isOver: () => boolean }) {
  const { project, victim, isOver } = options;
  while (!isOver()) {
    const found = (await project.processes()).find(({ name, alive }) => name === victim && alive);
    if (found) return found;
    await sleep(50);
  }
  return null;
}
