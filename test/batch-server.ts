/**
 * OpenAI's Files and Batches endpoints, from the public API reference, beside the other ones of `openai-server.ts`:
 *
 *     const batches = new BatchServer({ steps: 2 });
 *     const server = await OpenAiServer.start({ also: batches.answer });
 *     … batches.done … batches.batches …
 *
 * Nothing waits for a real day: each look at a batch (`GET /v1/batches/{id}`) moves it one step on, or `step` does.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BatchFiles, missing, notFound, refusal, type WireAnswer } from './batch-files.js';
import { type BatchFacts, BatchJob, type DoneLine, type LineFaultRule, type WireBatch } from './batch-job.js';
import {
  type BatchRoute,
  type CallFaultRule,
  type Route,
  readBody,
  routeOf,
  send,
  spoil,
} from './batch-routes.js';
import type { BilledTokens, Script } from './openai-wire.js';
import { answer as defaultScript } from './scripted-teacher.js';

export type { DoneLine, LineFault, LineFaultRule, WireBatch } from './batch-job.js';
export type { BatchRoute, CallFault, CallFaultRule } from './batch-routes.js';

export interface BatchServerOptions {
  script?: Script;
  lineFault?: LineFaultRule;
  callFault?: CallFaultRule;
  /** `look`: each look at a batch moves it on. `first-look`: to its end. `hand`: only `step` does. */
  pace?: (batch: BatchFacts) => 'look' | 'first-look' | 'hand';
  /** Steps that a batch is in progress. */
  steps?: number;
  /** Requests that a batch deals with before its time is up; undefined: all of them. */
  expireAfter?: (batch: BatchFacts) => number | undefined;
  /** Refuses a whole file for a reason of its own. */
  refuse?: (batch: BatchFacts) => { code: string; message: string } | undefined;
  limits?: {
    requests?: number;
    bytes?: number;
    /** Prompt tokens that may wait for a model at once, over all of the account's batches. */
    enqueuedTokens?: (model: string) => number;
  };
}

const DAY_SECONDS = 86_400;
const endpoints = ['/v1/completions', '/v1/chat/completions'];

export class BatchServer {
  /** Requests that were dealt with, in the order in which they were. */
  readonly done: DoneLine[] = [];
  /** May be replaced while the server runs. */
  script: Script;
  lineFault: LineFaultRule;
  callFault: CallFaultRule;
  expireAfter: NonNullable<BatchServerOptions['expireAfter']>;
  refuse: NonNullable<BatchServerOptions['refuse']>;
  pace: NonNullable<BatchServerOptions['pace']>;
  limits: { requests: number; bytes: number; enqueuedTokens(model: string): number };
  private readonly options: BatchServerOptions;
  private readonly files = new BatchFiles(nowSeconds);
  /** Oldest first. */
  private readonly jobs: BatchJob[] = [];
  private readonly received = new Map<BatchRoute, number>();

  constructor(options: BatchServerOptions = {}) {
    this.options = options;
    this.script = options.script ?? defaultScript;
    this.lineFault = options.lineFault ?? (() => undefined);
    this.callFault = options.callFault ?? (() => undefined);
    this.expireAfter = options.expireAfter ?? (() => undefined);
    this.refuse = options.refuse ?? (() => undefined);
    this.pace = options.pace ?? (() => 'look');
    this.limits = {
      requests: options.limits?.requests ?? 50_000,
      bytes: options.limits?.bytes ?? 200 * 1024 * 1024,
      enqueuedTokens: options.limits?.enqueuedTokens ?? (() => Number.POSITIVE_INFINITY),
    };
  }

  /** Every batch that was ever created, oldest first. */
  get batches(): WireBatch[] {
    return this.jobs.map(({ batch }) => batch);
  }

  /** Tokens that were billed so far, all at the batch price. */
  get billed(): BilledTokens {
    const sum = { promptTokens: 0, completionTokens: 0 };
    for (const { billed } of this.done) {
      sum.promptTokens += billed?.promptTokens ?? 0;
      sum.completionTokens += billed?.completionTokens ?? 0;
    }
    return sum;
  }

  /** Requests that a route has received. */
  count(route: BatchRoute): number {
    return this.received.get(route) ?? 0;
  }

  /** The lines of a batch's input file. */
  inputOf({ input_file_id }: WireBatch): { custom_id: string; body: Record<string, unknown> }[] {
    const text = this.files.bytesOf(input_file_id)?.toString('utf8') ?? '';
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  /** Moves a batch one step on. */
  step(id: string): void {
    this.jobs.find(({ batch }) => batch.id === id)?.step();
  }

  /** For `OpenAiServerOptions.also`: false when the request is for none of these endpoints. */
  readonly answer = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const route = routeOf(request.method ?? 'GET', url.pathname);
    if (!route) return false;
    const index = this.count(route.name);
    this.received.set(route.name, index + 1);
    const body = await readBody(request);
    const model = this.modelOf(route, body);
    const fault = this.callFault({ route: route.name, index, model });
    const answer = fault?.when === 'before' ? null : await this.handle({ route, url, request, body });
    if (fault) spoil({ fault, answer, request, response });
    else if (answer) send(answer, response);
    return true;
  };

  /** null: the request is about no batch that is known by then. */
  private modelOf({ name, id }: Route, body: Buffer): string | null {
    if (name === 'batches.create') {
      const { input_file_id } = JSON.parse(body.toString('utf8')) as { input_file_id?: string };
      const input = this.files.bytesOf(input_file_id ?? '');
      return input ? modelOf(input) : null;
    }
    return this.jobs.find(({ batch }) => batch.id === id)?.facts.model ?? null;
  }

  private async handle(call: {
    route: Route;
    url: URL;
    request: IncomingMessage;
    body: Buffer;
  }): Promise<WireAnswer> {
    const { route, url, request, body } = call;
    const { files } = this;
    switch (route.name) {
      case 'files.create':
        return await files.create(request, body);
      case 'files.retrieve':
        return files.retrieve(route.id);
      case 'files.content':
        return files.content(route.id);
      case 'files.delete':
        return files.delete(route.id);
      case 'batches.create':
        return this.create(JSON.parse(body.toString('utf8')));
      case 'batches.list':
        return this.list(url.searchParams);
      case 'batches.retrieve':
        return this.retrieve(route.id);
      case 'batches.cancel':
        return this.cancel(route.id);
    }
  }

  private create(asked: Record<string, unknown>): WireAnswer {
    const { input_file_id, endpoint, completion_window, metadata } = asked;
    if (input_file_id === undefined) return missing('input_file_id');
    if (endpoint === undefined) return missing('endpoint');
    if (completion_window === undefined) return missing('completion_window');
    if (!endpoints.includes(String(endpoint))) return invalid('endpoint', endpoint, endpoints);
    if (completion_window !== '24h') return invalid('completion_window', completion_window, ['24h']);
    const file = this.files.fileOf(String(input_file_id));
    const input = this.files.bytesOf(String(input_file_id));
    if (!file || !input || file.purpose !== 'batch') {
      return refusal(400, `No batch input file with the id '${input_file_id}'.`, 'input_file_id');
    }
    const problem = metadataProblem(metadata);
    if (problem) return refusal(400, problem, 'metadata');
    const index = this.jobs.length;
    const created_at = nowSeconds();
    const batch: WireBatch = {
      id: `batch_${String(index).padStart(6, '0')}`,
      object: 'batch',
      endpoint: String(endpoint),
      model: null,
      errors: null,
      input_file_id: file.id,
      completion_window: '24h',
      status: 'validating',
      output_file_id: null,
      error_file_id: null,
      created_at,
      in_progress_at: null,
      expires_at: created_at + DAY_SECONDS,
      finalizing_at: null,
      completed_at: null,
      failed_at: null,
      expired_at: null,
      cancelling_at: null,
      cancelled_at: null,
      request_counts: { total: 0, completed: 0, failed: 0 },
      usage: null,
      metadata: (metadata as WireBatch['metadata'] | undefined) ?? null,
    };
    const facts = { index, model: modelOf(input) };
    const job: BatchJob = new BatchJob({
      facts,
      batch,
      input,
      script: (request) => this.script(request),
      lineFault: (request, facts) => this.lineFault(request, facts),
      limits: this.limits,
      steps: this.options.steps ?? 2,
      expireAfter: this.expireAfter(facts),
      refuse: () => this.refuse(facts),
      queue: {
        enqueuedTokens: () =>
          this.jobs
            .filter((other) => other !== job && other.facts.model === facts.model)
            .reduce((sum, other) => sum + other.enqueuedTokens, 0),
        mostTokens: this.limits.enqueuedTokens(facts.model),
      },
      nowSeconds,
      keep: (done) => this.done.push(done),
      addFile: (kind, bytes) =>
        this.files.add({ filename: `${batch.id}_${kind}.jsonl`, purpose: 'batch_output', bytes }).id,
    });
    this.jobs.push(job);
    return { status: 200, json: batch };
  }

  private retrieve(id: string): WireAnswer {
    const job = this.jobs.find(({ batch }) => batch.id === id);
    if (!job) return notFound('Batch', id);
    const pace = this.pace(job.facts);
    if (pace === 'look') job.step();
    if (pace === 'first-look') job.finish();
    return { status: 200, json: job.batch };
  }

  /** Newest first. */
  private list(query: URLSearchParams): WireAnswer {
    const limit = Number(query.get('limit') ?? 20);
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
      return refusal(400, `Invalid 'limit': expected 1 to 100, got ${query.get('limit')}`, 'limit');
    }
    const newest = this.batches.reverse();
    const after = query.get('after');
    const at = after === null ? -1 : newest.findIndex(({ id }) => id === after);
    if (after !== null && at < 0) return notFound('Batch', after);
    const data = newest.slice(at + 1, at + 1 + limit);
    const has_more = newest.length > at + 1 + limit;
    const [first_id, last_id] = [data[0]?.id ?? null, data.at(-1)?.id ?? null];
    return { status: 200, json: { object: 'list', data, first_id, last_id, has_more } };
  }

  private cancel(id: string): WireAnswer {
    const job = this.jobs.find(({ batch }) => batch.id === id);
    if (!job) return notFound('Batch', id);
    if (job.cancel()) return { status: 200, json: job.batch };
    return refusal(409, `Cannot cancel a batch with status '${job.batch.status}'.`, null);
  }
}

/** "Set of 16 key-value pairs … Keys: 64 characters, values: 512." */
function metadataProblem(metadata: unknown): string | null {
  if (metadata === undefined || metadata === null) return null;
  const pairs = Object.entries(metadata as Record<string, unknown>);
  if (pairs.length > 16) return `Invalid 'metadata': too many properties, at most 16, got ${pairs.length}.`;
  for (const [key, value] of pairs) {
    if (key.length > 64) return `Invalid 'metadata': the key ${key} is longer than 64 characters.`;
    if (typeof value !== 'string' || value.length > 512) {
      return `Invalid 'metadata.${key}': a string of at most 512 characters was expected.`;
    }
  }
  return null;
}

function invalid(param: string, value: unknown, supported: string[]): WireAnswer {
  const list = supported.map((one) => `'${one}'`).join(', ');
  return refusal(400, `Invalid value: '${value}'. Supported values are: ${list}.`, param, 'invalid_value');
}

/** '' for a file whose first line is none. */
function modelOf(input: Buffer): string {
  try {
    const line = JSON.parse(input.toString('utf8').split('\n', 1)[0] ?? '') as { body?: { model?: unknown } };
    return String(line.body?.model ?? '');
  } catch {
    return '';
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
