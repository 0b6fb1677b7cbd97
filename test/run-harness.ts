/**
 * A whole run on real parts for tests: the real Temporal server, a worker in this process, a store in a temporary
 * folder, the scripted teacher behind real HTTP, and a student that answers from ids alone. One at a time: the
 * workers of two would take each other's tasks.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { type Recipe, recipeFile, withDefaults } from '../activities/recipe.js';
import type { StoredRecipe } from '../activities/run-data.js';
import { runFiles } from '../activities/run-files.js';
import type {
  EmbedRowsInput,
  ScoreRowsInput,
  TrainRoundInput,
  TrainScorerInput,
  TrainScorerResult,
} from '../activities/student-messages.js';
import type { Budget, Seed, Thresholds, TrainRoundResult } from '../activities/types.js';
import { newSeeds, storeSeeds } from '../client/added-seeds.js';
import { readForkState } from '../client/fork/write-fork.js';
import { claimRun, type GivenRows } from '../client/run-identity.js';
import { planToStart, queueName } from '../client/run-plan.js';
import { settleTeachers } from '../client/settle-teachers.js';
import { readJson } from '../store/artifacts.js';
import { teacherIdentity } from '../store/call-key.js';
import { type OpenedStore, openStore } from '../store/open-store.js';
import { connectClient, type TemporalTarget } from '../workers/temporal-connection.js';
import { runWorkers } from '../workers/worker-host.js';
import type { RecipeRunInput } from '../workflows/inputs.js';
import {
  addSeedsUpdate,
  cancelUpdate,
  pauseUpdate,
  type RunStatus,
  resumeUpdate,
  setBudgetUpdate,
  setTargetUpdate,
  setThresholdsUpdate,
  statusQuery,
} from '../workflows/messages.js';
import type { RecipeRunResult, recipeRun } from '../workflows/recipe-run.js';
import { testTemporal } from './global-setup.js';
import './quiet-temporal.js';
import { type LoggedRequest, OpenAiServer, type OpenAiServerOptions } from './openai-server.js';
import { untilQuiet, untilSettled } from './quiet-run.js';
import { embedRows, scoreRows } from './scripted-scoring.js';
import { trainRound, trainScorer } from './scripted-student.js';
import { testSeeds } from './test-seeds.js';
import { until } from './until.js';

export { until } from './until.js';

export interface HarnessOptions {
  teacher?: OpenAiServerOptions;
  /** Further servers by the names of the recipe's further teachers. */
  others?: Record<string, OpenAiServerOptions>;
  /** In place of the scripted student, which is passed on. */
  student?: (input: TrainRoundInput, scripted: Student) => Promise<TrainRoundResult>;
  /** The same for scorers. */
  scorerTraining?: (
    input: TrainScorerInput,
    scripted: (input: TrainScorerInput) => Promise<TrainScorerResult>,
  ) => Promise<TrainScorerResult>;
  /** What workers that are stopped give to calls in flight. */
  shutdownGraceTime?: '1 second' | '2 minutes';
}

type Method = Recipe['method'];

const loop = {
  keys: { method: 'sedi', target: 24, seeds: 'seeds.jsonl', batchSize: 4 },
  form: 'completion',
  generation: { prompts: 'staged', answers: 'direct', callsPerRound: 4 },
};
const ofRows = { keys: { data: 'rows.jsonl' }, form: 'chat', generation: {} };
/** What a test's recipe says unless the test says otherwise. */
const usual: Record<Method, { keys: object; form: string; generation: object }> = {
  sedi: loop,
  'self-instruct': loop,
  skillmix: { keys: { target: 24 }, form: 'chat', generation: {} },
  deita: ofRows,
  evolve: ofRows,
};

type Student = (input: TrainRoundInput) => Promise<TrainRoundResult>;

export interface StartOptions {
  seeds?: Seed[];
  /** Rows of the files that a recipe names besides its seeds. */
  given?: GivenRows;
  /** See `RecipeRunInput`. */
  eventsPerRun?: number;
  searchAttributes?: string[];
}

/** Keys of a recipe file, over the harness's own. */
export type RecipeChanges = Record<string, unknown>;

/** Of the scripted model, USD per million tokens. */
export const price = { inputUsdPerMTok: 0.15, outputUsdPerMTok: 0.6 };

export class RunHarness {
  readonly teacher: OpenAiServer;
  /** Further servers by their teachers' names. */
  readonly others: Record<string, OpenAiServer>;
  readonly opened: OpenedStore;
  readonly client: Client;
  readonly target: TemporalTarget;
  private readonly folder: string;
  private readonly options: HarnessOptions;
  private workers: { stop: AbortController; done: Promise<unknown> } | null = null;

  private constructor(
    parts: Pick<RunHarness, 'teacher' | 'others' | 'opened' | 'client' | 'target'> & {
      folder: string;
      options: HarnessOptions;
    },
  ) {
    this.teacher = parts.teacher;
    this.others = parts.others;
    this.opened = parts.opened;
    this.client = parts.client;
    this.target = parts.target;
    this.folder = parts.folder;
    this.options = parts.options;
  }

  /** With workers, unless told otherwise. The first harness may have to get the Temporal server: no time limit. */
  static async start(options: HarnessOptions = {}): Promise<RunHarness> {
    const target = await testTemporal();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-run-'));
    const opened = await openStore(path.join(folder, 'runs'));
    const teacher = await OpenAiServer.start(options.teacher);
    const others: Record<string, OpenAiServer> = {};
    for (const [name, other] of Object.entries(options.others ?? {}))
      others[name] = await OpenAiServer.start(other);
    const client = await connectClient(target);
    const harness = new RunHarness({ teacher, others, opened, client, target, folder, options });
    await harness.startWorkers();
    return harness;
  }

  get store() {
    return this.opened.store;
  }

  /** Starts the Node worker, `without` one of its queues, and the scripted student; `stopWorkers` ends both. */
  async startWorkers({ without }: { without?: string } = {}): Promise<void> {
    const stop = new AbortController();
    let ready: () => void = () => {};
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const node = runWorkers({
      queues: ['seedmill', 'cpu', ...this.teacherQueues].filter((queue) => queue !== without),
      storeUrl: this.store.url,
      stateDir: this.folder,
      target: this.target,
      onReady: () => ready(),
      signal: stop.signal,
      shutdownGraceTime: this.options.shutdownGraceTime ?? '1 second',
    });
    const student = this.runStudent(stop.signal);
    this.workers = { stop, done: Promise.all([node, student]) };
    await Promise.race([isReady, node]);
  }

  async stopWorkers(): Promise<void> {
    this.workers?.stop.abort();
    await this.workers?.done;
    this.workers = null;
  }

  /** Ends everything, runs that are still open included. */
  async stop(): Promise<void> {
    const open = this.client.workflow.list({ query: `ExecutionStatus = "Running"` });
    for await (const { workflowId } of open) await this.terminate(workflowId);
    await this.stopWorkers();
    for (const server of [this.teacher, ...Object.values(this.others)]) await server.stop();
    await this.client.connection.close();
    await rm(this.folder, { recursive: true });
  }

  /** Puts a run's inputs into the store and starts its workflow: always a new run. */
  async startRun(changes: RecipeChanges = {}, options: StartOptions = {}): Promise<string> {
    const recipe = await this.recipe(changes);
    const { runId } = await claimRun({
      store: this.store,
      inputs: {
        recipe,
        seeds: options.seeds ?? (changes.method === 'evolve' ? [] : testSeeds()),
        heldOut: null,
        ...(options.given && { given: options.given }),
      },
      isNew: true,
      manifest: { seedmill: 'test', bundleSha256: 'test', teacherQueues: this.teacherQueues },
    });
    await this.startWorkflow(runId, options);
    return runId;
  }

  /** Starts the workflow of a run whose inputs are in the store, as the command does after a lost server. */
  async startWorkflow(
    runId: string,
    { eventsPerRun, searchAttributes = [] }: StartOptions = {},
  ): Promise<void> {
    const recipe = await readJson<StoredRecipe>(this.store, runFiles(runId).recipe);
    const fork = await readForkState(this.store, runId);
    const input: RecipeRunInput = {
      schemaVersion: 1,
      run: { runId, storeUrl: this.store.url, storeId: this.opened.storeId },
      plan: await planToStart(this.store, runId, recipe),
      searchAttributes,
      ...(fork && { fork }),
      ...(eventsPerRun !== undefined && { eventsPerRun }),
    };
    await this.client.workflow.start<typeof recipeRun>('recipeRun', {
      workflowId: runId,
      taskQueue: 'seedmill',
      args: [input],
    });
  }

  handle(runId: string): WorkflowHandle<typeof recipeRun> {
    return this.client.workflow.getHandle<typeof recipeRun>(runId);
  }

  async result(runId: string): Promise<RecipeRunResult> {
    return await this.handle(runId).result();
  }

  /** Starts a run and waits for its end. */
  async finishedRun(changes: RecipeChanges = {}, options: StartOptions = {}): Promise<string> {
    const runId = await this.startRun(changes, options);
    await this.result(runId);
    return runId;
  }

  status(runId: string): Promise<RunStatus> {
    return this.handle(runId).query(statusQuery);
  }

  pause(runId: string, reason = 'lunch'): Promise<RunStatus> {
    return this.handle(runId).executeUpdate(pauseUpdate, { args: [{ by: 'ann', reason }] });
  }

  resume(runId: string): Promise<RunStatus> {
    return this.handle(runId).executeUpdate(resumeUpdate, { args: [{ by: 'ann' }] });
  }

  cancel(runId: string, { now = false } = {}): Promise<RunStatus> {
    return this.handle(runId).executeUpdate(cancelUpdate, { args: [{ by: 'ann', now }] });
  }

  setBudget(runId: string, budget: Partial<Budget>): Promise<RunStatus> {
    return this.handle(runId).executeUpdate(setBudgetUpdate, { args: [{ by: 'ann', budget }] });
  }

  /** As `seedmill seeds --add` does. */
  async addSeeds(runId: string, seeds: readonly Seed[]): Promise<RunStatus> {
    const recipe = await readJson<StoredRecipe>(this.store, runFiles(runId).recipe);
    const found = await newSeeds(this.store, { runId, recipe, file: 'more.jsonl', seeds });
    const ref = await storeSeeds(this.store, runId, found.seeds);
    return await this.handle(runId).executeUpdate(addSeedsUpdate, {
      args: [{ by: 'ann', seeds: ref, file: 'more.jsonl' }],
    });
  }

  setThresholds(runId: string, thresholds: Thresholds): Promise<RunStatus> {
    return this.handle(runId).executeUpdate(setThresholdsUpdate, { args: [{ by: 'ann', thresholds }] });
  }

  setTarget(runId: string, target: number): Promise<RunStatus> {
    return this.handle(runId).executeUpdate(setTargetUpdate, { args: [{ by: 'ann', target }] });
  }

  /** The pause that the run is in, once it is. */
  async untilPaused(runId: string): Promise<RunStatus> {
    return await until(async () => {
      const status = await this.status(runId);
      return status.settings.paused !== null && status;
    });
  }

  /** See `quiet-run.ts`. */
  untilSettled(runId: string): Promise<void> {
    return untilSettled(this.client, runId);
  }

  /** See `quiet-run.ts`. */
  untilQuiet(runId: string): Promise<void> {
    return untilQuiet(this.client, runId);
  }

  /** Ends a workflow as an operator does; one that has ended already is left alone. */
  async terminate(workflowId: string): Promise<void> {
    const handle = this.client.workflow.getHandle(workflowId);
    if ((await handle.describe()).status.name !== 'RUNNING') return;
    await handle.terminate('the test is over').catch(() => {});
  }

  /** Requests for one model: runs at the same time are told apart by the models that they ask. */
  requestsFor(model: string): LoggedRequest[] {
    return this.teacher.requests.filter((request) => request.model === model);
  }

  /** `changes.teachers` need only say what differs from a teacher on the server of its name. */
  private async recipe(changes: RecipeChanges): Promise<StoredRecipe> {
    const further = Object.entries((changes.teachers ?? {}) as Record<string, object>).map(
      ([name, settings]) => {
        const baseUrl = this.others[name]?.baseUrl ?? this.teacher.baseUrl;
        const here = { endpoint: 'openai', model: name, id: name, baseUrl, form: 'completion', price };
        return [name, { ...here, ...settings }] as const;
      },
    );
    const { keys, form, generation } = usual[(changes.method as Method | undefined) ?? 'sedi'];
    const file = recipeFile.parse({
      name: 'harness',
      ...keys,
      ...changes,
      teachers: Object.fromEntries(further),
      teacher: {
        endpoint: 'openai',
        model: 'scripted',
        baseUrl: this.teacher.baseUrl,
        form,
        price,
        ...(changes.teacher as object | undefined),
      },
      generation: {
        ...generation,
        ...(changes.generation as object | undefined),
      },
    });
    return await settleTeachers(withDefaults(file), this.folder);
  }

  private get teacherQueues(): string[] {
    const { baseUrl } = this.teacher;
    const others = Object.keys(this.others).map((name) =>
      queueName(name, teacherIdentity({ id: name, baseUrl })),
    );
    return [queueName('default', teacherIdentity({ baseUrl })), ...others];
  }

  private async runStudent(signal: AbortSignal): Promise<void> {
    const connection = await NativeConnection.connect(this.target.connectionOptions);
    const scripted: Student = (input) => trainRound(this.store, input);
    const { student, scorerTraining } = this.options;
    const scriptedScorer = (input: TrainScorerInput) => trainScorer(this.store, input);
    const worker = await Worker.create({
      connection,
      namespace: this.target.namespace,
      taskQueue: 'student',
      activities: {
        trainRound: student ? (input: TrainRoundInput) => student(input, scripted) : scripted,
        trainScorer: scorerTraining
          ? (input: TrainScorerInput) => scorerTraining(input, scriptedScorer)
          : scriptedScorer,
        embedRows: (input: EmbedRowsInput) => embedRows(this.store, input),
        scoreRows: (input: ScoreRowsInput) => scoreRows(this.store, input),
      },
    });
    signal.addEventListener('abort', () => worker.shutdown(), { once: true });
    await worker.run();
    await connection.close();
  }
}
