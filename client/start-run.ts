/** From a recipe on disk to a running workflow, with every check that can be made before anything is paid. */
import path from 'node:path';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Recipe } from '../activities/recipe.js';
import { startsFromData } from '../activities/recipe-deita.js';
import { resolveEndpoint } from '../activities/teacher-endpoint.js';
import { usedTeachers, usesStudent } from '../activities/teachers.js';
import { UserError } from '../store/errors.js';
import { type OpenedStore, openStore } from '../store/open-store.js';
import type { Store } from '../store/types.js';
import {
  ensureServices,
  type ServiceNeeds,
  type Services,
  type ServicesOptions,
} from '../workers/services.js';
import { connectClient } from '../workers/temporal-connection.js';
import { loadWorkflowBundle } from '../workers/workflow-bundle.js';
import type { RecipeRunInput, RunPlan } from '../workflows/inputs.js';
import type { recipeRun } from '../workflows/recipe-run.js';
import { checkStudent } from './check-student.js';
import { checkTeacher } from './check-teacher.js';
import type { Context } from './context.js';
import { readForkState } from './fork/write-fork.js';
import { type InputOptions, readInputs } from './read-inputs.js';
import { refuseRemoved } from './removed-runs.js';
import {
  claimRun,
  findEndedRun,
  hasEnded,
  hasOpenRun,
  type RunInputs,
  type RunManifest,
} from './run-identity.js';
import { planToStart } from './run-plan.js';
import { unfinishedRuns, unfinishedTwins } from './runs.js';
import { settleTeachers } from './settle-teachers.js';
import { version } from './version.js';

export interface StartOptions extends InputOptions {
  id?: string;
  isNew?: boolean;
}

/** What a run is to be started from, before it is known where its teachers are reached. */
export type StartInputs = Omit<RunInputs, 'recipe'> & { recipe: Recipe };

/** A run that is under way. */
export interface OpenRun {
  disposition: 'new' | 'rejoined';
  runId: string;
  opened: OpenedStore;
  services: Services;
  /** For a supervisor: what was asked for. */
  servicesOptions: ServicesOptions;
  client: Client;
}

/** A run that ended before: nothing was started for it. */
export interface EndedRun {
  disposition: 'finished';
  runId: string;
  opened: OpenedStore;
}

/**
 * Starts or rejoins the run that the options mean, with every service it needs.
 * @throws UserError or ServiceError with one message for people.
 */
export async function startRun(context: Context, options: StartOptions): Promise<OpenRun | EndedRun> {
  const inputs = await readInputs(context, options);
  const opened = await openStore(context.storeUrl);
  return await startFrom(context, { ...options, opened, inputs });
}

/** The same from inputs that have been read. Paths in the recipe begin in the folder of `recipePath`. */
export async function startFrom(
  context: Context,
  options: Pick<StartOptions, 'recipePath' | 'id' | 'isNew'> & { opened: OpenedStore; inputs: StartInputs },
): Promise<OpenRun | EndedRun> {
  const { opened } = options;
  const { recipe, ...given } = options.inputs;
  const { store } = opened;
  if (!options.isNew) {
    const stored = await settleTeachers(recipe, null);
    const runId = await findEndedRun(store, { recipe: stored, ...given }, options.id);
    if (runId !== null) return { disposition: 'finished', runId, opened };
  }

  // First the server and the models, then the workers: which queue they serve depends on the teacher that answers.
  const { worker: _later, ...models } = servicesFor(recipe, options.recipePath);
  const base = { stateDir: context.stateDir, storeUrl: store.url, say: context.say };
  const onTemporal = (target: Services['temporal']) => {
    if (target.uiUrl) context.say(`Temporal UI: ${target.uiUrl}`);
  };
  await ensureServices({ ...base, needs: models, onTemporal });
  if (models.student) await checkStudent(recipe.student.model, context.say);
  const stored = await settleTeachers(recipe, context.stateDir);
  const inputs: RunInputs = { recipe: stored, ...given };
  await checkTeachers(recipe, context.stateDir).catch(async (error: Error) => {
    // A run that is under way waits for its teacher; only a new one is refused.
    if (options.isNew || !(await hasOpenRun(store, inputs, options.id))) throw error;
    context.say(error.message);
  });
  const teacherQueues = Object.values(stored.endpoints).map(({ queue }) => queue);
  const bundle = await loadWorkflowBundle();
  const { runId, disposition } = await claimRun({
    store,
    inputs,
    ...(options.id !== undefined && { id: options.id }),
    ...(options.isNew !== undefined && { isNew: options.isNew }),
    manifest: { seedmill: version, bundleSha256: bundle.sha256, teacherQueues },
  });
  if (disposition === 'finished') return { disposition, runId, opened };
  if (disposition === 'new' && !options.isNew) {
    for (const twin of await unfinishedTwins(store, inputs)) {
      const what = twin.differing.join(', ');
      context.say(
        `Another run: ${twin.runId} is unfinished and differs only in ${what} ("seedmill set ${twin.runId} …" changes that there)`,
      );
    }
  }

  const worker = { queues: await queuesInUse(store, teacherQueues) };
  const servicesOptions: ServicesOptions = { ...base, needs: { ...models, worker } };
  const services = await ensureServices(servicesOptions);
  const client = await connectClient(services.temporal);
  await startWorkflow({ client, services, opened, runId, plan: await planToStart(store, runId, stored) });
  return { disposition, runId, opened, services, servicesOptions, client };
}

/** Asks every endpoint for its models. @throws UserError as `checkTeacher`. */
export async function checkTeachers(recipe: Recipe, stateDir: string): Promise<void> {
  for (const teacher of usedTeachers(recipe)) {
    await checkTeacher({ teacher, endpoint: await resolveEndpoint(teacher, stateDir) });
  }
}

/** The models that a recipe needs on this machine. */
export function servicesFor(recipe: Recipe, recipePath: string): ServiceNeeds {
  const locals = usedTeachers(recipe).filter(({ endpoint }) => endpoint === 'local');
  // One that writes and one that makes vectors share a server, and only the former names its model.
  const local = locals.find(({ gguf }) => gguf !== undefined) ?? locals[0];
  const gguf = local?.gguf && path.resolve(path.dirname(recipePath), local.gguf);
  return {
    ...(local && { localTeacher: gguf ? { gguf } : {} }),
    student: usesStudent(recipe),
  };
}

/** A worker serves every unfinished run of its store, not only the newest. */
async function queuesInUse(store: Store, teacherQueues: string[]): Promise<string[]> {
  const open = await unfinishedRuns(store);
  const teachers = open.flatMap((manifest: RunManifest) => manifest.teacherQueues);
  return ['seedmill', 'cpu', ...[...new Set([...teachers, ...teacherQueues])].sort()];
}

/**
 * Starts the workflow, or finds it running. One that failed or was lost with its server begins again from the store; one that
 * has finished meanwhile stays as it is.
 * @throws UserError when the run was removed meanwhile, or the server takes it for finished and its store does not.
 */
export async function startWorkflow(options: {
  client: Client;
  services: Pick<Services, 'searchAttributes'>;
  opened: OpenedStore;
  runId: string;
  plan: RunPlan;
}): Promise<void> {
  const { client, services, opened, runId, plan } = options;
  // Services that had to start first have taken minutes.
  await refuseRemoved(opened.store, runId);
  const fork = await readForkState(opened.store, runId);
  const input: RecipeRunInput = {
    schemaVersion: 1,
    run: { runId, storeUrl: opened.store.url, storeId: opened.storeId },
    plan,
    searchAttributes: services.searchAttributes,
    ...(fork && { fork }),
  };
  try {
    await client.workflow.start<typeof recipeRun>('recipeRun', {
      workflowId: runId,
      taskQueue: 'seedmill',
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      // A run that ended after this command looked for it would be played from the store once more.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      staticSummary: summaryOf(plan),
      staticDetails: `Store: ${opened.store.url}\n\nTeacher queues: ${queuesOf(plan)}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    if (await hasEnded(opened.store, runId)) return;
    throw new UserError(
      `run ${runId} is not started: Temporal has a workflow of this id that has come to its end, and ${opened.store.url} has no result of it. Choose another --id, or go on from the run's rounds: "seedmill fork ${runId}"`,
    );
  }
}

function summaryOf({ recipe, method, target }: RunPlan): string {
  const what = startsFromData(method)
    ? `${method} of given rows`
    : `${method} until ${target} accepted examples`;
  return `${recipe}: ${what}`;
}

function queuesOf({ teachers }: RunPlan): string {
  const queues = Object.values(teachers).flatMap((of) => of.map(({ queue }) => queue));
  return [...new Set(queues)].map((queue) => `\`${queue}\``).join(', ');
}
