/**
 * One batch of `batch-server.ts`: what the API says of its life, and the lines that it leaves behind. It moves one step at
 * a time: validating → in_progress (a share of its requests a step) → finalizing → completed; or failed, expired,
 * cancelling → cancelled.
 */
import { createHash } from 'node:crypto';
import { checkBatchFile, type InputLine } from './batch-validation.js';
import {
  answerBody,
  type BilledTokens,
  countTokens,
  errorBody,
  finish,
  readRequest,
  type Script,
  type ScriptRequest,
} from './openai-wire.js';

/** A batch as the API words it. */
export interface WireBatch {
  id: string;
  object: 'batch';
  endpoint: string;
  model: string | null;
  errors: { object: 'list'; data: WireBatchError[] } | null;
  input_file_id: string;
  completion_window: string;
  status:
    | 'validating'
    | 'failed'
    | 'in_progress'
    | 'finalizing'
    | 'completed'
    | 'expired'
    | 'cancelling'
    | 'cancelled';
  output_file_id: string | null;
  error_file_id: string | null;
  created_at: number;
  in_progress_at: number | null;
  expires_at: number;
  finalizing_at: number | null;
  completed_at: number | null;
  failed_at: number | null;
  expired_at: number | null;
  cancelling_at: number | null;
  cancelled_at: number | null;
  request_counts: { total: number; completed: number; failed: number };
  usage: object | null;
  metadata: Record<string, string> | null;
}

/** What a rule of the test can depend on. */
export interface BatchFacts {
  /** Batches created before this one. */
  index: number;
  /** Of its first request. */
  model: string;
}

export interface WireBatchError {
  code: string;
  line: number | null;
  message: string;
  param: string | null;
}

/** Something that goes wrong with one request of a batch. */
export type LineFault =
  /** The endpoint behind answers so; not billed. */
  | { status: number; body?: unknown }
  /** The request never got an answer, for example `request_timeout`. */
  | { error: { code: string; message: string } }
  /** This line stands in the output file instead; billed. */
  | { line: string }
  /** In neither file, as if the provider had lost it; billed. */
  | 'lost';

export type LineFaultRule = (
  request: ScriptRequest,
  facts: { batch: number; customId: string },
) => LineFault | undefined;

/** One request that a batch has dealt with. */
export interface DoneLine {
  batchId: string;
  customId: string;
  request: ScriptRequest;
  /** null: no answer at all. */
  status: number | null;
  /** What the provider bills, at its batch price. */
  billed: BilledTokens | null;
}

export interface JobOptions {
  facts: BatchFacts;
  batch: WireBatch;
  input: Buffer;
  script: Script;
  lineFault: LineFaultRule;
  limits: { requests: number; bytes: number };
  /** Steps that it takes in progress. */
  steps: number;
  /** Requests that are dealt with before its time is up; undefined: all. */
  expireAfter: number | undefined;
  refuse(): { code: string; message: string } | undefined;
  /** Prompt tokens that other batches have in the queue, and the most there may be. */
  queue: { enqueuedTokens(): number; mostTokens: number };
  nowSeconds(): number;
  keep(done: DoneLine): void;
  addFile(kind: 'output' | 'error', bytes: Buffer): string;
}

export class BatchJob {
  readonly batch: WireBatch;
  private readonly options: JobOptions;
  private lines: InputLine[] = [];
  private readonly output: string[] = [];
  private readonly errors: string[] = [];
  private done = 0;
  private readonly usage = { promptTokens: 0, completionTokens: 0 };

  constructor(options: JobOptions) {
    this.options = options;
    this.batch = options.batch;
  }

  get facts(): BatchFacts {
    return this.options.facts;
  }

  get isOpen(): boolean {
    return !['failed', 'completed', 'expired', 'cancelled'].includes(this.batch.status);
  }

  /** Prompt tokens that count against the queue's limit while the batch is open. */
  get enqueuedTokens(): number {
    return this.isOpen ? promptTokensOf(this.lines) : 0;
  }

  step(): void {
    const { batch } = this;
    if (batch.status === 'validating') this.validate();
    else if (batch.status === 'in_progress') this.work();
    else if (batch.status === 'finalizing') this.end('completed');
    else if (batch.status === 'cancelling') this.end('cancelled');
  }

  /** All the steps to its end. */
  finish(): void {
    while (this.isOpen) this.step();
  }

  /** False when it has ended already. */
  cancel(): boolean {
    if (!this.isOpen) return false;
    if (this.batch.status !== 'cancelling') {
      this.batch.status = 'cancelling';
      this.batch.cancelling_at = this.options.nowSeconds();
    }
    return true;
  }

  private validate(): void {
    const { batch, options } = this;
    const { lines, errors } = checkBatchFile({
      bytes: options.input,
      endpoint: batch.endpoint,
      limits: options.limits,
    });
    const wanted = promptTokensOf(lines);
    const { enqueuedTokens, mostTokens } = options.queue;
    if (errors.length === 0 && enqueuedTokens() + wanted > mostTokens) {
      errors.push({
        code: 'token_limit_exceeded',
        line: null,
        message: `Enqueued token limit reached for ${lines[0]?.body.model} in organization org-test. Limit: ${mostTokens.toLocaleString('en-US')} enqueued tokens. Please try again once some in_progress batches have been completed.`,
        param: null,
      });
    }
    const refused = options.refuse();
    if (refused) errors.push({ ...refused, line: null, param: null });
    if (errors.length > 0) {
      batch.status = 'failed';
      batch.failed_at = options.nowSeconds();
      batch.errors = { object: 'list', data: errors };
      return;
    }
    // Nobody promises an order, so it is another one than the file's.
    this.lines = lines.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
    batch.model = String(lines[0]?.body.model);
    batch.status = 'in_progress';
    batch.in_progress_at = options.nowSeconds();
    batch.request_counts.total = lines.length;
  }

  private work(): void {
    const { lines, options } = this;
    const until = Math.min(options.expireAfter ?? lines.length, lines.length);
    const share = Math.ceil(lines.length / options.steps);
    for (const end = Math.min(this.done + share, until); this.done < end; this.done += 1) {
      this.answer(lines[this.done] as InputLine);
    }
    if (this.done < until) return;
    if (until < lines.length) this.end('expired');
    else {
      this.batch.status = 'finalizing';
      this.batch.finalizing_at = options.nowSeconds();
    }
  }

  private answer(line: InputLine): void {
    const { batch, options } = this;
    const { custom_id: customId } = line;
    const asked = readRequest(line.url as ScriptRequest['path'], line.body);
    const fault = options.lineFault(asked, { batch: options.facts.index, customId });
    const id = `batch_req_${options.facts.index}_${this.done}`;
    const request_id = `req-${options.facts.index}-${this.done}`;
    const row = { id, custom_id: customId };
    if (fault && typeof fault === 'object' && !('line' in fault)) {
      batch.request_counts.failed += 1;
      options.keep({ batchId: batch.id, customId, request: asked, status: faultStatus(fault), billed: null });
      this.errors.push(
        JSON.stringify(
          'error' in fault
            ? { ...row, response: null, error: fault.error }
            : {
                ...row,
                response: {
                  status_code: fault.status,
                  request_id,
                  body: fault.body ?? errorBody(`scripted ${fault.status}`, null),
                },
                error: null,
              },
        ),
      );
      return;
    }
    const answer = finish(options.script(asked), asked);
    const billed = answer.usage ?? countTokens(asked, answer);
    batch.request_counts.completed += 1;
    this.usage.promptTokens += billed.promptTokens;
    this.usage.completionTokens += billed.completionTokens;
    options.keep({ batchId: batch.id, customId, request: asked, status: 200, billed });
    if (fault === 'lost') return;
    const body = answerBody({ asked, answer, id: `cmpl-${options.facts.index}-${this.done}`, billed });
    this.output.push(
      fault?.line ??
        JSON.stringify({ ...row, response: { status_code: 200, request_id, body }, error: null }),
    );
  }

  private end(status: 'completed' | 'expired' | 'cancelled'): void {
    const { batch, options, usage } = this;
    for (const { custom_id } of this.lines.slice(this.done)) {
      const error =
        status === 'expired'
          ? {
              code: 'batch_expired',
              message: 'This request could not be executed before the completion window expired.',
            }
          : {
              code: 'batch_cancelled',
              message: 'This request could not be executed before the batch was cancelled.',
            };
      const id = `batch_req_${options.facts.index}_${this.done}`;
      this.errors.push(JSON.stringify({ id, custom_id, response: null, error }));
      batch.request_counts.failed += 1;
      this.done += 1;
    }
    batch.status = status;
    batch[`${status}_at`] = options.nowSeconds();
    if (this.output.length > 0) batch.output_file_id = options.addFile('output', toJsonl(this.output));
    if (this.errors.length > 0) batch.error_file_id = options.addFile('error', toJsonl(this.errors));
    batch.usage = {
      input_tokens: usage.promptTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: usage.completionTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.promptTokens + usage.completionTokens,
    };
  }
}

function faultStatus(fault: LineFault): number | null {
  return typeof fault === 'object' && 'status' in fault ? fault.status : null;
}

function toJsonl(lines: string[]): Buffer {
  return Buffer.from(`${lines.join('\n')}\n`);
}

function orderOf({ custom_id }: InputLine): string {
  return createHash('sha256').update(custom_id).digest('hex');
}

function promptTokensOf(lines: InputLine[]): number {
  return lines.reduce((sum, { url, body }) => {
    const asked = readRequest(url as ScriptRequest['path'], body);
    return sum + countTokens(asked, { text: '' }).promptTokens;
  }, 0);
}
