/**
 * A whole run on real parts for tests: the real Temporal server, a worker in this process, a store in a temporary
 * folder, the scripted teacher behind real HTTP, and a student that answers from ids alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { recipeFile, withDefaults } from '../activities/recipe.js';
import type { StoredRecipe } from '../activities/run-data.js';
import type { BatchSignal, TrainingBatch, TrainRoundInput } from '../activities/student-messages.js';
import type { Seed, TrainRoundResult } from '../activities/types.js';
import { claimRun } from '../client/run-identity.js';
import { planOf, queueName } from '../client/run-plan.js';
import { readJsonl, sha256Hex, writeJson, writeJsonl } from '../store/artifacts.js';
import { teacherIdentity } from '../store/call-key.js';
import { type OpenedStore, openStore } from '../store/open-store.js';
import { connectClient, type TemporalTarget } from '../workers/temporal-connection.js';
import { runWorkers } from '../workers/worker-host.js';
import type { RecipeRunInput } from '../workflows/inputs.js';
import type { RecipeRunResult, recipeRun } from '../workflows/recipe-run.js';
import { testTemporal } from './global-setup.js';
import { OpenAiServer, type OpenAiServerOptions } from './openai-server.js';

export interface HarnessOptions {
  teacher?: OpenAiServerOptions;
  /** Replaces the student's answer for one activity call. */
  student?: (input: TrainRoundInput) => Promise<TrainRoundResult>;
}

export class RunHarness {
  readonly teacher: OpenAiServer;
  readonly opened: OpenedStore;
  readonly client: Client;
  readonly target: TemporalTarget;
  private readonly folder: string;
  private readonly options: HarnessOptions;
  private workers: { stop: AbortController; done: Promise<unknown> } | null = null;

  private constructor(
    parts: Pick<RunHarness, 'teacher' | 'opened' | 'client' | 'target'> & {
      folder: string;
      options: HarnessOptions;
    },
  ) {
    this.teacher = parts.teacher;
    this.opened = parts.opened;
    this.client = parts.client;
    this.target = parts.target;
    this.folder = parts.folder;
    this.options = parts.options;
  }

  static async start(options: HarnessOptions = {}): Promise<RunHarness> {
    const target = await testTemporal();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-run-'));
    const opened = await openStore(path.join(folder, 'runs'));
    const teacher = await OpenAiServer.start(options.teacher);
    const client = await connectClient(target);
    return new RunHarness({ teacher, opened, client, target, folder, options });
  }

  get store() {
    return this.opened.store;
  }

  /** Starts the Node worker and the scripted student; `stopWorkers` ends both. */
  async startWorkers(): Promise<void> {
    const stop = new AbortController();
    let ready: () => void = () => {};
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const queues = ['seedmill', 'cpu', queueName('default', this.identity)];
    const node = runWorkers({
      queues,
      storeUrl: this.store.url,
      stateDir: this.folder,
      target: this.target,
      onReady: () => ready(),
      signal: stop.signal,
      shutdownGraceTime: '1 second',
    });
    const student = this.runStudent(stop.signal);
    await Promise.race([isReady, node]);
    this.workers = { stop, done: Promise.all([node, student]) };
  }

  async stopWorkers(): Promise<void> {
    this.workers?.stop.abort();
    await this.workers?.done;
    this.workers = null;
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.teacher.stop();
    await this.client.connection.close();
    await rm(this.folder, { recursive: true });
  }

  /** Puts a run's inputs into the store and starts its workflow. */
  async startRun(changes: Record<string, unknown> = {}, seeds = testSeeds()): Promise<string> {
    const recipe = this.recipe(changes);
    const { runId } = await claimRun({
      store: this.store,
      inputs: { recipe, seeds, heldOut: null },
      isNew: true,
      manifest: {
        seedmill: 'test',
        bundleSha256: 'test',
        teacherQueue: queueName('default', this.identity),
      },
    });
    await this.startWorkflow(runId, recipe);
    return runId;
  }

  async startWorkflow(runId: string, recipe: StoredRecipe): Promise<void> {
    const input: RecipeRunInput = {
      schemaVersion: 1,
      run: { runId, storeUrl: this.store.url, storeId: this.opened.storeId },
      plan: planOf(recipe, queueName('default', this.identity)),
      searchAttributes: [],
    };
    await this.client.workflow.start<typeof recipeRun>('recipeRun', {
      workflowId: runId,
      taskQueue: 'seedmill',
      args: [input],
    });
  }

  async result(runId: string): Promise<RecipeRunResult> {
    return await this.client.workflow.getHandle<typeof recipeRun>(runId).result();
  }

  recipe(changes: Record<string, unknown> = {}): StoredRecipe {
    const file = recipeFile.parse({
      name: 'harness',
      method: 'sedi',
      target: 24,
      seeds: 'seeds.jsonl',
      batchSize: 4,
      ...changes,
      teacher: {
        endpoint: 'openai',
        model: 'scripted',
        baseUrl: this.teacher.baseUrl,
        form: 'completion',
        price: { inputUsdPerMTok: 0.15, outputUsdPerMTok: 0.6 },
        ...(changes.teacher as object | undefined),
      },
      generation: {
        prompts: 'staged',
        answers: 'direct',
        callsPerRound: 4,
        ...(changes.generation as object),
      },
    });
    return { ...withDefaults(file), teacherIdentity: this.identity, teacherModel: 'scripted' };
  }

  private get identity(): string {
    return teacherIdentity({ baseUrl: this.teacher.baseUrl });
  }

  private async runStudent(signal: AbortSignal): Promise<void> {
    const connection = await NativeConnection.connect(this.target.connectionOptions);
    const trainRound = this.options.student ?? ((input: TrainRoundInput) => this.train(input));
    const worker = await Worker.create({
      connection,
      namespace: this.target.namespace,
      taskQueue: 'student',
      activities: { trainRound },
    });
    const stop = () => worker.shutdown();
    signal.addEventListener('abort', stop, { once: true });
    await worker.run();
    await connection.close();
  }

  /** Gains and scores from hashes of ids: the same examples always measure the same. */
  async train(input: TrainRoundInput): Promise<TrainRoundResult> {
    const batches = await readJsonl<TrainingBatch>(this.store, input.batches);
    const rows: BatchSignal[] = batches.map(({ batch, examples }) => ({
      batch,
      gain: fraction(examples.map(({ id }) => id).join()) - 0.3,
      standardError: 0.01,
      examples: examples.map(({ id }) => ({
        id,
        answerLoss: 1 + fraction(id),
        score: fraction(`score ${id}`),
      })),
    }));
    const folder = `${input.run.runId}/rounds/${String(input.round).padStart(3, '0')}`;
    const signal = await writeJsonl(this.store, `${folder}/signal.jsonl`, rows);
    const checkpoint = await writeJson(this.store, `${folder}/student/checkpoint.json`, {
      round: input.round,
    });
    const loss = { before: 3 - input.round * 0.1, after: 2.9 - input.round * 0.1, rows: input.heldOut.count };
    return {
      signal,
      checkpoint,
      adapter: checkpoint,
      steering: loss,
      reporting: loss,
      device: 'scripted',
      seconds: 0,
    };
  }
}

function fraction(text: string): number {
  return Number.parseInt(sha256Hex(text).slice(0, 8), 16) / 2 ** 32;
}

/** Twelve human seeds about different things, for runs that need few. */
export function testSeeds(): Seed[] {
  const instructions = [
    'Name three rivers that cross more than one country.',
    'Explain to a child why the sky is blue.',
    'Write a polite e-mail that declines a meeting.',
    'Sort these numbers from small to large.',
    'Suggest a quick dinner with rice and beans.',
    'Describe how a bicycle stays upright.',
    'Convert the temperature from Celsius to Fahrenheit.',
    'Give two arguments for and against school uniforms.',
    'Summarise the paragraph in one sentence.',
    'Compose a short poem about the first snow.',
    'List the steps to change a flat tyre.',
    'Decide whether the review is positive or negative.',
  ];
  return instructions.map((instruction, index) => ({
    id: `seed-${index}`,
    origin: 'human',
    instruction,
    instances: [{ input: '', output: `Answer number ${index}.` }],
    isClassification: index === 11,
    ancestors: [`seed-${index}`],
    round: 0,
    score: null,
  }));
}
