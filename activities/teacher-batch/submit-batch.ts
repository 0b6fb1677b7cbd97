/**
 * Sends what is missing of a batch's calls as one file. Each step is durable before the next: the requests in the run's
 * store (first writer wins), their intents in the ledger, the file at the provider, the batch. Whoever tries again finds
 * what was done, at last by the batch's metadata, so that nothing is bought twice.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { PromptForm } from '../../methods/prompt.js';
import { callKey } from '../../store/call-key.js';
import { type Intent, type LedgerRow, readAttempts, recordRows } from '../../store/ledger.js';
import { costUsd } from '../../store/pricing.js';
import { readJsonIfAny, toJson } from '../../store/artifacts.js';
import { promptFormOf } from '../recipe-teacher.js';
import { readSamples, type SampleStep } from '../sample-path.js';
import { fitsIn, spendOf, sumSpend } from '../spend-book.js';
import {
  type BatchCaller,
  batchEndpoint,
  cancelBatch,
  createBatch,
  findBatches,
  type ProviderBatch,
  uploadBatchFile,
} from '../teacher-client/batch-client.js';
import { type OptionalParameter, Parameters } from '../teacher-client/parameters.js';
import { highestTokens, requestBody } from '../teacher-client/request-body.js';
import { runFiles } from '../run-files.js';
import type { Spend, SubmitBatchInput, SubmittedBatch } from '../types.js';
import { attemptIdOf, fileRow, fileRows, type RequestHead, uploadOf } from './batch-file.js';
import { type ActivityTurn, BatchScope, type TeacherBatchDeps } from './batch-scope.js';
import { unanswered } from './line-result.js';
import { recordLook } from './look-at-batch.js';
import { MAX_FILE_BYTES, MAX_REQUESTS } from './plan-batches.js';

/** Calls that are looked up in the store at once. */
const LOOK_UPS = 32;

export async function submitBatch(
  deps: TeacherBatchDeps,
  input: SubmitBatchInput,
  at: ActivityTurn,
): Promise<SubmittedBatch> {
  const scope = await BatchScope.open(deps, input);
  const names = scope.files.batch(input);
  const earlier = await scope.store.read(names.requests);
  if (!earlier && input.isMade) return { outcome: 'sent-before' };
  const built = earlier ?? (await buildFile(scope, input, at));
  if (!Buffer.isBuffer(built)) return { outcome: built };
  const bytes = earlier ?? (await createFile(scope, names.requests, built));
  const heads = [...fileRows(bytes, names.requests)].map(({ head }) => head);
  const intents = heads.map((head) => intentOf(scope, names.id, head));
  if (earlier && (await isOver(scope, intents, at))) return { outcome: 'sent-before' };
  const since = await recordIntents({ deps, scope, intents, name: names.intended, at });
  const { upload, sha256 } = uploadOf(bytes, names.requests);

  const metadata = { seedmill_file: sha256, seedmill_batch: names.id, seedmill_store: input.run.storeId };
  const caller = await scope.caller(deps, at);
  const marked = { metadata, since };
  let batch = await findOne(caller, marked);
  if (!batch && input.isMade) return { outcome: 'sent-before' };
  if (!batch) {
    const name = `${names.id.replaceAll('/', '-')}.jsonl`;
    const mine = await makeOne({ caller, metadata, name, upload, form: promptFormOf(scope.teacher) }).catch(
      async (error: unknown) => {
        if (isRefusal(error)) await bookRefusal({ deps, scope, intents, reason: error.message, at });
        throw error;
      },
    );
    batch = (await findOne(caller, marked)) ?? mine;
  }
  await recordLook(scope, { ...input, batchId: batch.id }, { batch, requests: heads.length });
  const highest = sumSpend(intents.map((intent) => spendOf({ intent, outcome: null })));
  return { outcome: 'sent', batchId: batch.id, requests: heads.length, highest };
}

/** The provider has said no: there is no batch. Other failures may hide one that was made. */
function isRefusal(error: unknown): error is ApplicationFailure {
  const types = ['ProviderAccess', 'InvalidRequest'];
  return error instanceof ApplicationFailure && types.includes(error.type ?? '');
}

interface Marked {
  metadata: Record<string, string>;
  /** Not made before, in seconds since 1970. */
  since: number;
}

/**
 * The batch that was made of a file. An attempt that was given up while its machine slept may have woken up beside its
 * successor and made a second one: the older one stays.
 */
async function findOne(caller: BatchCaller, marked: Marked): Promise<ProviderBatch | null> {
  const [first, ...others] = await findBatches(caller, marked);
  for (const { id, hasEnded } of others) if (!hasEnded) await cancelBatch(caller, id);
  return first ?? null;
}

async function makeOne(options: {
  caller: BatchCaller;
  metadata: Record<string, string>;
  name: string;
  upload: Buffer;
  form: PromptForm;
}): Promise<ProviderBatch> {
  const { caller, metadata, name, upload, form } = options;
  const fileId = await uploadBatchFile(caller, { name, bytes: upload });
  return await createBatch(caller, { fileId, form, metadata });
}

/** Another attempt may have been faster: then its file is the one that is sent. */
async function createFile({ store }: BatchScope, name: string, built: Buffer): Promise<Buffer> {
  if (await store.create(name, built)) return built;
  const first = await store.read(name);
  if (!first) throw new Error(`${name} was there and is gone: someone removes files from the store`);
  return first;
}

/** Whether an earlier file needs nothing any more: all of it has its answers, or a word in the ledger. */
async function isOver(scope: BatchScope, intents: Intent[], { turn }: ActivityTurn): Promise<boolean> {
  const settled = new Set<string>();
  for (const { shard } of scope.shards()) {
    for (const { intent, outcome } of await readAttempts(scope.store, scope.files.ledger(shard))) {
      if (outcome) settled.add(intent.attemptId);
    }
    await turn();
  }
  const open = intents.filter(({ attemptId }) => !settled.has(attemptId));
  for (let next = 0; next < open.length; next += LOOK_UPS) {
    const some = open.slice(next, next + LOOK_UPS);
    const answers = await Promise.all(some.map(({ callKey }) => scope.responses.get(callKey)));
    if (answers.includes(undefined)) return false;
    await turn();
  }
  return true;
}

/** The file's bytes, or why there is none. */
async function buildFile(
  scope: BatchScope,
  { from, to, maxRequests, afford }: SubmitBatchInput,
  { turn }: ActivityTurn,
): Promise<Buffer | 'complete' | 'unaffordable'> {
  const dropped = await scope.dropped();
  const parameters = await refusedParameters(scope);
  const most = Math.min(maxRequests ?? MAX_REQUESTS, MAX_REQUESTS);
  const rows: Buffer[] = [];
  let bytes = 0;
  let spent: Spend = { calls: 0, tokens: 0, usd: 0 };
  for (let next = from; next < to; next += LOOK_UPS) {
    const indices = Array.from({ length: Math.min(LOOK_UPS, to - next) }, (_, n) => next + n);
    const missing = await Promise.all(indices.map((callIndex) => missingStep(scope, callIndex)));
    for (const [n, step] of missing.entries()) {
      if (!step) continue;
      const { key, seed } = callKey(step.parts);
      if (dropped.has(key)) continue;
      const tokens = highestTokens(step.parts);
      const total = sumSpend([spent, highestOf(tokens, scope.teacher.price)]);
      if (afford && !fitsIn(total, afford)) return rows.length > 0 ? Buffer.concat(rows) : 'unaffordable';
      const { parts } = step;
      const request = JSON.stringify({
        custom_id: key,
        method: 'POST',
        url: batchEndpoint(promptFormOf(scope.teacher)),
        body: requestBody({ ...parts, seed, parameters }),
      });
      const callIndex = indices[n] as number;
      const row = fileRow({ callIndex, key, highestTokens: tokens, at: new Date().toISOString() }, request);
      const isFull = rows.length >= most || bytes + row.length > MAX_FILE_BYTES;
      if (isFull && rows.length > 0) return Buffer.concat(rows);
      rows.push(row);
      bytes += row.length;
      spent = total;
    }
    await turn();
  }
  return rows.length > 0 ? Buffer.concat(rows) : 'complete';
}

/** null: the call has all the answers that it needs. */
async function missingStep(scope: BatchScope, callIndex: number): Promise<SampleStep | null> {
  return (await readSamples(scope.responses, await scope.choice(callIndex))).missing;
}

async function refusedParameters(scope: BatchScope): Promise<Parameters> {
  const name = runFiles(scope.calls.run.runId).refusedParameters(scope.teacher.name);
  return new Parameters(await readJsonIfAny<OptionalParameter[]>(scope.store, name));
}

/** Writes the file's intents, once; returns when that was done, in seconds since 1970. */
async function recordIntents(options: {
  deps: TeacherBatchDeps;
  scope: BatchScope;
  intents: Intent[];
  /** Of the file that says that it was done. */
  name: string;
  at: ActivityTurn;
}): Promise<number> {
  const { scope, intents, name } = options;
  const known = await readJsonIfAny<{ at: string }>(scope.store, name);
  if (known) return Date.parse(known.at) / 1000;
  await recordByShard(options, intents, (intent) => intent);
  const now = new Date();
  await scope.store.create(name, `${toJson({ at: now.toISOString(), requests: intents.length })}\n`);
  return now.getTime() / 1000;
}

/** Nothing was made of the file, and nothing is billed for it. */
async function bookRefusal(options: {
  deps: TeacherBatchDeps;
  scope: BatchScope;
  intents: Intent[];
  reason: string;
  at: ActivityTurn;
}): Promise<void> {
  const { outcome } = unanswered(options.reason);
  const at = new Date().toISOString();
  await recordByShard(options, options.intents, ({ attemptId }) => ({
    row: 'outcome',
    attemptId,
    ...outcome,
    latencyMs: 0,
    at,
  }));
}

async function recordByShard(
  { deps, scope, at }: { deps: TeacherBatchDeps; scope: BatchScope; at: ActivityTurn },
  intents: Intent[],
  rowOf: (intent: Intent) => LedgerRow,
): Promise<void> {
  const byShard = new Map<number, LedgerRow[]>();
  for (const intent of intents) {
    const shard = scope.shardOf(intent.callIndex);
    const rows = byShard.get(shard) ?? [];
    rows.push(rowOf(intent));
    byShard.set(shard, rows);
  }
  for (const [shard, rows] of byShard) {
    await recordRows({ store: scope.store, ledger: scope.files.ledger(shard), writer: deps.writer, rows });
    await at.turn();
  }
}

/** The ledger's row for one request of a file, the same whoever writes it. */
export function intentOf(scope: BatchScope, fileId: string, head: RequestHead): Intent {
  const { model, price } = scope.teacher;
  return {
    row: 'intent',
    attemptId: attemptIdOf(fileId, head.key),
    callKey: head.key,
    callIndex: head.callIndex,
    activity: fileId,
    attempt: 1,
    model,
    highestTokens: head.highestTokens,
    highestUsd: highestOf(head.highestTokens, price).usd,
    price,
    at: head.at,
  };
}

function highestOf(
  { prompt, completion }: RequestHead['highestTokens'],
  price: BatchScope['teacher']['price'],
): Spend {
  const usage = { promptTokens: prompt, cachedPromptTokens: 0, completionTokens: completion };
  return { calls: 1, tokens: prompt + completion, usd: costUsd(usage, price) };
}
