/**
 * The Files and Batches endpoints of OpenAI and of those that follow it: upload, create, find, look, cancel. Each
 * function sends one request (`findBatches` one a page) and throws what `error-map.ts` makes of its failure; retries are
 * Temporal's.
 */
import { CancelledFailure } from '@temporalio/common';
import type OpenAI from 'openai';
import { toFile } from 'openai';
import type { PromptForm } from '../../methods/prompt.js';
import type { TeacherClient } from './client.js';
import { Deadline } from './deadline.js';
import { fetchFile } from './endpoint-fetch.js';
import { errorFacts, MalformedError, parseBody, type Seen } from './error-facts.js';
import { mapError } from './error-map.js';
import { isObject } from './json-object.js';
import { redact } from './redact.js';

/** Who asks. */
export interface BatchCaller {
  client: TeacherClient;
  /** Which attempt of the activity it is, from 1. */
  attempt: number;
  /** Ends the request on the wire. */
  signal: AbortSignal;
}

/** A batch as its provider sees it. */
export interface ProviderBatch {
  id: string;
  /** In the provider's word: `validating`, `in_progress`, … */
  status: string;
  hasEnded: boolean;
  counts: { total: number; completed: number; failed: number };
  /** Seconds since 1970; 0 where the provider does not say. */
  createdAt: number;
  /** The same, of its end; 0 before it and where the provider does not say. */
  endedAt: number;
  /** Answers, one a line; null: there are none, or not yet. */
  outputFileId: string | null;
  /** Requests without one. */
  errorFileId: string | null;
  /** Why the provider refused the whole file, redacted; empty unless it `failed`. */
  problems: { code: string; message: string }[];
  metadata: Record<string, string>;
}

const ENDED = new Set(['failed', 'completed', 'expired', 'cancelled']);
/** Of the provider's complaints about a file: it may have one for each of 50,000 lines. */
const PROBLEMS_KEPT = 5;
/** For a file of 200 MB on a slow line. */
const TRANSFER_TIMEOUT_MS = 1_800_000;
const DAY_SECONDS = 86_400;
/** The most that the endpoint gives at once. */
const PAGE = 100;

/** Sends a file of requests and returns its id at the provider. */
export async function uploadBatchFile(
  caller: BatchCaller,
  { name, bytes }: { name: string; bytes: Buffer },
): Promise<string> {
  const file = await toFile(bytes, name, { type: 'application/jsonl' });
  const body = await ask(caller, 'sending the batch’s requests', {
    timeoutMs: TRANSFER_TIMEOUT_MS,
    send: (openai, options) => openai.files.create({ file, purpose: 'batch' }, options).asResponse(),
  });
  if (!isObject(body) || typeof body.id !== 'string')
    throw unreadable(caller, 'sending the batch’s requests');
  return body.id;
}

/** Creates a batch. Whoever calls it has looked with `findBatches` first: a failure may come after the batch was made. */
export async function createBatch(
  caller: BatchCaller,
  options: { fileId: string; form: PromptForm; metadata: Record<string, string> },
): Promise<ProviderBatch> {
  const { fileId, form, metadata } = options;
  return await askForBatch(caller, 'creating the batch', (openai, request) =>
    openai.batches
      .create(
        {
          input_file_id: fileId,
          endpoint: batchEndpoint(form),
          completion_window: '24h',
          metadata,
        },
        request,
      )
      .asResponse(),
  );
}

/** Path that each line of a batch's file names, whatever the base URL is. */
export function batchEndpoint(form: PromptForm): '/v1/completions' | '/v1/chat/completions' {
  return form === 'completion' ? '/v1/completions' : '/v1/chat/completions';
}

/**
 * Every batch that carries this metadata, oldest first. Looks through the account's batches, newest first, back to a day
 * before `since` (seconds since 1970; clocks differ).
 */
export async function findBatches(
  caller: BatchCaller,
  { metadata, since }: { metadata: Record<string, string>; since: number },
): Promise<ProviderBatch[]> {
  const wanted = Object.entries(metadata);
  const doing = 'looking for the batch';
  const found: ProviderBatch[] = [];
  for (let after: string | null = null; ; ) {
    const query = { limit: PAGE, ...(after !== null && { after }) };
    const body = await ask(caller, doing, {
      send: (openai, options) => openai.batches.list(query, options).asResponse(),
    });
    if (!isObject(body) || !Array.isArray(body.data)) throw unreadable(caller, doing);
    const page = body.data.flatMap((row) => readBatch(row) ?? []);
    found.push(...page.filter((batch) => wanted.every(([key, value]) => batch.metadata[key] === value)));
    const last = page.at(-1);
    const isOld = page.every(({ createdAt }) => createdAt < since - DAY_SECONDS);
    if (!last || isOld || body.has_more !== true || last.id === after) return found.sort(byAge);
    after = last.id;
  }
}

/** In an order that everybody who looks sees alike. */
function byAge(a: ProviderBatch, b: ProviderBatch): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

export async function retrieveBatch(caller: BatchCaller, id: string): Promise<ProviderBatch> {
  return await askForBatch(caller, 'looking at the batch', (openai, options) =>
    openai.batches.retrieve(id, options).asResponse(),
  );
}

/** Calls a batch off, unless it has ended. What it has finished comes with its files, some minutes later. */
export async function cancelBatch(caller: BatchCaller, id: string): Promise<ProviderBatch> {
  // Asked first: one that has ended, or is being cancelled, refuses with an error that looks as if it would heal.
  const batch = await retrieveBatch(caller, id);
  if (batch.hasEnded || batch.status === 'cancelling') return batch;
  return await askForBatch(caller, 'cancelling the batch', (openai, options) =>
    openai.batches.cancel(id, options).asResponse(),
  );
}

/** A file's bytes as they come, for `batch-lines.ts`. A break in the middle throws as a request that fails does. */
export async function* fileContent(caller: BatchCaller, fileId: string): AsyncGenerator<Uint8Array> {
  const doing = 'reading the batch’s answers';
  const { client, signal } = caller;
  const seen: Seen = { status: null, requestId: null, isTimeout: () => false };
  try {
    // Not the client's own `fetch`, which ends what is longer than one answer may be. Files may lie elsewhere; the key
    // does not go along to another host.
    const openai = client.openai.withOptions({ fetch: fetchFile, fetchOptions: { redirect: 'follow' } });
    const request = { signal, timeout: TRANSFER_TIMEOUT_MS };
    const { body } = await openai.files.content(fileId, request).asResponse();
    if (body) yield* body;
  } catch (error) {
    throw failureOf({ error, caller, doing, seen, timeoutMs: TRANSFER_TIMEOUT_MS });
  }
}

type Send = (openai: OpenAI, options: { signal: AbortSignal; timeout: number }) => Promise<Response>;

async function askForBatch(caller: BatchCaller, doing: string, send: Send): Promise<ProviderBatch> {
  const batch = readBatch(await ask(caller, doing, { send }));
  if (!batch) throw unreadable(caller, doing);
  return batch;
}

/** Sends one request and returns the JSON of its answer. */
async function ask(
  caller: BatchCaller,
  doing: string,
  { send, timeoutMs = caller.client.timeoutMs }: { send: Send; timeoutMs?: number },
): Promise<unknown> {
  const { client, signal } = caller;
  const deadline = new Deadline({ caller: signal, timeoutMs });
  const seen: Seen = { status: null, requestId: null, isTimeout: () => deadline.isOver };
  try {
    const response = await send(client.openai, {
      signal: deadline.signal,
      // The package's own, until the headers are there; ours covers the whole of it.
      timeout: timeoutMs + 60_000,
    });
    seen.status = response.status;
    seen.headers = response.headers;
    return parseBody(await response.text(), response);
  } catch (error) {
    throw failureOf({ error, caller, doing, seen, timeoutMs });
  } finally {
    deadline.close();
  }
}

function failureOf(options: {
  error: unknown;
  caller: BatchCaller;
  doing: string;
  seen: Seen;
  timeoutMs: number;
}): Error {
  const { error, caller, doing, seen, timeoutMs } = options;
  const { client, attempt, signal } = caller;
  if (signal.aborted) {
    const { reason } = signal;
    return reason instanceof CancelledFailure ? reason : new CancelledFailure(`${doing} was called off`);
  }
  const facts = errorFacts(error, { seen, attempt, client, timeoutMs });
  const at = { nowMs: Date.now(), random: Math.random() };
  return mapError({ ...facts, message: `${doing}: ${facts.message}` }, at).failure;
}

function unreadable(caller: BatchCaller, doing: string): Error {
  const seen: Seen = { status: 200, requestId: null, isTimeout: () => false };
  const error = new MalformedError('the answer is not what the Batch API gives');
  return failureOf({ error, caller, doing, seen, timeoutMs: caller.client.timeoutMs });
}

function readBatch(body: unknown): ProviderBatch | null {
  if (!isObject(body) || typeof body.id !== 'string' || typeof body.status !== 'string') return null;
  const { id, status } = body;
  const counts = isObject(body.request_counts) ? body.request_counts : {};
  return {
    id,
    status,
    hasEnded: ENDED.has(status),
    counts: {
      total: number(counts.total),
      completed: number(counts.completed),
      failed: number(counts.failed),
    },
    createdAt: number(body.created_at),
    endedAt: number(body.completed_at) || number(body.expired_at) || number(body.cancelled_at),
    outputFileId: text(body.output_file_id),
    errorFileId: text(body.error_file_id),
    problems: readProblems(body.errors),
    metadata: isObject(body.metadata) ? (body.metadata as Record<string, string>) : {},
  };
}

function readProblems(errors: unknown): ProviderBatch['problems'] {
  if (!isObject(errors) || !Array.isArray(errors.data)) return [];
  return errors.data
    .filter(isObject)
    .slice(0, PROBLEMS_KEPT)
    .map(({ code, message, line }) => ({
      code: text(code) ?? '',
      message: redact(`${text(message) ?? 'no reason given'}${number(line) > 0 ? ` (line ${line})` : ''}`),
    }));
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
