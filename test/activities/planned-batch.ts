/** Calls that are planned in a store and can be put to the local Batch API, activity by activity, without Temporal. */
import { CallPlanner } from '../../activities/plan-calls.js';
import { RecentRows } from '../../activities/recent-rows.js';
import { RoundPrompts } from '../../activities/round-prompts.js';
import type { CallRow } from '../../activities/rows.js';
import { Runs } from '../../activities/run-data.js';
import { roundFiles } from '../../activities/run-files.js';
import type { ActivityTurn, TeacherBatchDeps } from '../../activities/teacher-batch/batch-scope.js';
import { closeBatch } from '../../activities/teacher-batch/close-batch.js';
import { collectBatch } from '../../activities/teacher-batch/collect-batch.js';
import { checkBatch } from '../../activities/teacher-batch/look-at-batch.js';
import { submitBatch } from '../../activities/teacher-batch/submit-batch.js';
import { TeacherClients } from '../../activities/teacher-client/clients.js';
import type { BatchCalls, CollectedBatch, SubmitBatchInput, SubmittedBatch } from '../../activities/types.js';
import { readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import { type Attempt, readAttempts } from '../../store/ledger.js';
import { processWriter } from '../../store/writer.js';
import { BatchServer, type BatchServerOptions } from '../batch-server.js';
import { OpenAiServer } from '../openai-server.js';
import { temporaryFolder } from '../temporary-folder.js';
import { testSeeds } from '../test-seeds.js';
import { type StoredRun, storedRecipe, storedRun } from './stored-run.js';

export const batchPrice = { inputUsdPerMTok: 1.25, outputUsdPerMTok: 5 };
const phase = 'tasks';

export interface PlannedBatch extends StoredRun {
  batches: BatchServer;
  server: OpenAiServer;
  /** What a worker process has; two of them share nothing but the store. */
  worker(): TeacherBatchDeps;
  submit(
    submission: number,
    more?: Partial<SubmitBatchInput>,
    deps?: TeacherBatchDeps,
  ): Promise<SubmittedBatch>;
  /** Waits for the end of a batch. */
  ended(submission: number, batchId: string): Promise<void>;
  collect(submission: number, batchId: string): Promise<CollectedBatch>;
  /** Submits, waits and collects; throws when nothing was sent. */
  play(submission: number, more?: Partial<SubmitBatchInput>): Promise<CollectedBatch>;
  close(options?: { isCancelled: boolean }): Promise<CallRow[]>;
  attempts(): Promise<Attempt[]>;
}

/** For a `describe`: `start` plans some calls for whole tasks and gives what a test needs. */
export function plannedBatch(): {
  start(options?: BatchServerOptions & { calls?: number; teacher?: object }): Promise<PlannedBatch>;
} {
  const folder = temporaryFolder();
  let server: OpenAiServer | undefined;
  afterEach(async () => {
    await server?.stop();
  });
  return {
    async start({ calls = 4, teacher = {}, ...options } = {}) {
      const batches = new BatchServer({ steps: 1, ...options });
      server = await OpenAiServer.start({ also: batches.answer });
      const recipe = storedRecipe({
        teacher: { baseUrl: server.baseUrl, mode: 'batch', ...teacher },
        generation: { prompts: 'one-call', callsPerRound: calls },
      });
      for (const endpoint of Object.values(recipe.endpoints)) endpoint.price = batchPrice;
      const stored = await storedRun({ folder: folder(), recipe });
      const files = roundFiles(stored.run.runId, 1);
      await writeJsonl(stored.store, files.seedPool, testSeeds());
      const wanted = { remaining: calls, askCalls: 0, accepted: 0 };
      const plan = await new CallPlanner(stored.runs).planCalls({ run: stored.run, round: 1, phase, wanted });
      return bind({ stored, batches, server, calls: plan.plan.count });
    },
  };
}

function bind(parts: {
  stored: StoredRun;
  batches: BatchServer;
  server: OpenAiServer;
  calls: number;
}): PlannedBatch {
  const { stored, batches, server } = parts;
  const { run, store } = stored;
  const files = roundFiles(run.runId, 1).phase(phase);
  const calls: BatchCalls = { run, round: 1, phase, batch: 0, from: 0, to: parts.calls };
  const at: ActivityTurn = { attempt: 1, signal: new AbortController().signal, turn: async () => {} };
  const worker = (): TeacherBatchDeps => {
    const runs = new Runs({ store, storeId: run.storeId });
    const prompts = new RoundPrompts(runs);
    const recent = new RecentRows();
    return { runs, prompts, recent, writer: processWriter(), stateDir: '', clients: new TeacherClients() };
  };
  const deps = worker();
  const submit: PlannedBatch['submit'] = (submission, more = {}, by = deps) =>
    submitBatch(by, { ...calls, submission, maxRequests: null, afford: null, ...more }, at);
  const ended: PlannedBatch['ended'] = async (submission, batchId) => {
    while (!(await checkBatch(deps, { ...calls, submission, batchId }, at)).hasEnded) {}
  };
  const collect: PlannedBatch['collect'] = (submission, batchId) =>
    collectBatch(deps, { ...calls, submission, batchId }, at);
  return {
    ...stored,
    batches,
    server,
    worker,
    submit,
    ended,
    collect,
    play: async (submission, more) => {
      const sent = await submit(submission, more);
      if (sent.outcome !== 'sent') throw new Error(`nothing was sent: ${sent.outcome}`);
      await ended(submission, sent.batchId);
      return await collect(submission, sent.batchId);
    },
    close: async ({ isCancelled } = { isCancelled: false }) => {
      await closeBatch(deps, { ...calls, isCancelled }, at.turn);
      return await readJsonlAt<CallRow>(store, files.calls(0));
    },
    attempts: () => readAttempts(store, files.ledger(0)),
  };
}
