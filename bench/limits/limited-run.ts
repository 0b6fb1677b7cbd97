/** Runs and workers of the limits benchmark, against a teacher in the benchmark's own process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { packageRoot } from '../../workers/folders.js';
import { connectClient, environmentFor } from '../../workers/temporal-connection.js';
import { type FaultRule, OpenAiServer } from '../../test/openai-server.js';
import { seedmill } from '../throughput/measure-seedmill.js';
import { seedsFile } from '../throughput/measurement.js';
import { tasksAnswer } from '../throughput/teacher-answer.js';
import type { Workplace } from '../throughput/workplace.js';

const latencyMs = 100;

export async function startTeacher(fault?: FaultRule): Promise<OpenAiServer> {
  return await OpenAiServer.start({
    latencyMs,
    models: ['run', 'limited', 'many', 'few'],
    script: ({ prompt, seed }) => ({ text: tasksAnswer(prompt, seed ?? 0) }),
    ...(fault && { fault }),
  });
}

/** Starts a run of one round with so many calls; runs are told apart by the models that they ask. */
export async function startRun(
  place: Workplace,
  options: { id: string; calls: number; teacher: OpenAiServer; settings?: Record<string, unknown> },
): Promise<void> {
  const { id, calls, teacher, settings } = options;
  const recipe = path.join(path.dirname(place.stateDir), `${id}.yaml`);
  const content = {
    name: id,
    method: 'self-instruct',
    // More than the calls can give, so that the one round makes all of them.
    target: 10_000_000,
    seeds: seedsFile,
    teacher: {
      endpoint: 'openai',
      model: id,
      baseUrl: teacher.baseUrl,
      form: 'completion',
      price: { inputUsdPerMTok: 0.15, outputUsdPerMTok: 0.6 },
      ...settings,
    },
    generation: { prompts: 'one-call', callsPerRound: calls },
    stop: { maxRounds: 1 },
  };
  await writeFile(recipe, stringify(content));
  const { exitCode, stderr } = await seedmill(place, ['start', recipe, '--id', id]);
  if (exitCode !== 0) throw new Error(`seedmill start: ${stderr}`);
}

export async function untilEnd(place: Workplace, id: string): Promise<void> {
  await onServer(place, (client) => client.workflow.getHandle(id).result());
}

/** Runs the work beside further workers of the teacher's queue, each a process of its own. */
export async function withWorkers<T>(
  place: Workplace,
  { more, runId, work }: { more: number; runId: string; work: () => Promise<T> },
): Promise<T> {
  const queue = await queueOf(place, runId);
  const children = Array.from({ length: more }, () =>
    spawn(process.execPath, [path.join(packageRoot, 'dist', 'workers', 'main.js'), '--queues', queue], {
      env: {
        ...environmentFor(place.target, place.env),
        SEEDMILL_STORE: place.storeUrl,
        SEEDMILL_STATE_DIR: place.stateDir,
      },
      stdio: 'ignore',
    }),
  );
  try {
    return await work();
  } finally {
    await Promise.all(children.map(end));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** The queue of a run's calls, once its limits are kept. */
async function queueOf(place: Workplace, runId: string): Promise<string> {
  const query = `WorkflowType = "teacherLimits" AND ExecutionStatus = "Running"`;
  return await onServer(place, async (client) => {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(200)) {
      for await (const { workflowId } of client.workflow.list({ query })) return workflowId;
    }
    throw new Error(`nobody keeps the limits of ${runId}`);
  });
}

async function onServer<T>(
  place: Workplace,
  work: (client: Awaited<ReturnType<typeof connectClient>>) => Promise<T>,
): Promise<T> {
  const client = await connectClient(place.target);
  try {
    return await work(client);
  } finally {
    await client.connection.close();
  }
}
