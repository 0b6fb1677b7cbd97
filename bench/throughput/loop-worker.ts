/**
 * Worker process of the loops `empty` and `bare`: `loop-worker.ts BUNDLE TEACHER_URL`, the server from TEMPORAL_*.
 * Its workers are set up as seedmill's own are.
 */
import { readFile } from 'node:fs/promises';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import OpenAI from 'openai';
import { seededRandom } from '../../methods/random.js';
import { parseSeeds } from '../../methods/seed-format.js';
import { drawTasks } from '../../methods/self-instruct/in-context.js';
import { tasksPrompt } from '../../methods/self-instruct/prompts.js';
import { connectWorker, targetFromEnvironment } from '../../workers/temporal-connection.js';
import { teacherWorker, workflowWorker } from '../../workers/worker-host.js';
import type { LoopActivities } from './loop-workflow.js';
import { activityQueue, seedsFile, workflowQueue } from './measurement.js';

const [bundleFile, baseURL] = process.argv.slice(2) as [string, string];
const openai = new OpenAI({ baseURL, apiKey: 'no-key-needed', maxRetries: 0 });
const human = parseSeeds(await readFile(seedsFile, 'utf8')).seeds;

/** Prompts like those of the seedmill run, made beforehand: only the call itself is measured. */
const prompts = Array.from({ length: 100 }, (_, index) => {
  const seeds = drawTasks({ human, machine: [], random: seededRandom('bench', index) });
  const tasks = seeds.map(({ instruction, instances }) => ({
    instruction,
    input: instances[0]?.input ?? '',
    output: instances[0]?.output ?? '',
  }));
  return tasksPrompt({ tasks, options: { form: 'completion' } });
});

const activities: LoopActivities = {
  async nothing() {
    return { outcome: 'answered' };
  },
  async ask({ call }) {
    const prompt = prompts[call % prompts.length];
    if (prompt?.body.form !== 'completion') throw new Error('the prompts are completions');
    const { temperature, topP, maxTokens, stop } = prompt.sampling;
    const answer = await openai.completions.create({
      model: 'bench',
      prompt: prompt.body.prompt,
      temperature,
      top_p: topP,
      max_tokens: maxTokens,
      stop,
      seed: call,
    });
    if (!answer.choices[0]?.text) throw new Error('the teacher wrote nothing');
    return { outcome: 'answered' };
  },
};

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: ['SIGTERM'] });
const target = targetFromEnvironment();
const connection = await connectWorker(target);
const common = { connection, namespace: target.namespace };
const workers = await Promise.all([
  Worker.create({
    ...common,
    ...workflowWorker,
    taskQueue: workflowQueue,
    workflowBundle: { code: await readFile(bundleFile, 'utf8') },
  }),
  Worker.create({ ...common, ...teacherWorker, taskQueue: activityQueue, activities }),
]);
const running = Promise.all(workers.map((worker) => worker.run()));
process.stdout.write('ready\n');
await running;
await connection.close();
