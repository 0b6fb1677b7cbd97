/**
 * Takes in what a batch that has ended came to: answers into the response store (first writer wins), an outcome for each
 * of its requests into the ledger. A second attempt writes the same again.
 */
import { ApplicationFailure } from '@temporalio/common';
import { readJsonIfAny, writeJson } from '../../store/artifacts.js';
import { callKey } from '../../store/call-key.js';
import { CorruptDataError } from '../../store/errors.js';
import { type Intent, type Outcome, recordRows } from '../../store/ledger.js';
import { runFiles } from '../run-files.js';
import { answerFailure, samplePath, type SampleChoice, type SampleStep } from '../sample-path.js';
import { spendOf, sumSpend } from '../spend-book.js';
import { paidOutcome } from '../teacher-client/ask-once.js';
import { type ProviderBatch, retrieveBatch } from '../teacher-client/batch-client.js';
import { type BatchLine, batchLines } from '../teacher-client/batch-lines.js';
import { type OptionalParameter, Parameters } from '../teacher-client/parameters.js';
import type { BatchTrouble, CollectedBatch, SentBatch, Spend } from '../types.js';
import { type FileRow, fileRows } from './batch-file.js';
import { type ActivityTurn, BatchScope, type TeacherBatchDeps } from './batch-scope.js';
import { type LineResult, lost, readLineResult, unanswered } from './line-result.js';
import { recordLook } from './look-at-batch.js';
import { intentOf } from './submit-batch.js';

/** Lines that are dealt with at once, and outcomes that go into the ledger together. */
const LINES_AT_ONCE = 64;

export async function collectBatch(
  deps: TeacherBatchDeps,
  input: SentBatch,
  at: ActivityTurn,
): Promise<CollectedBatch> {
  const scope = await BatchScope.open(deps, input);
  const caller = await scope.caller(deps, at);
  const batch = await retrieveBatch(caller, input.batchId);
  checkHasEnded(batch);
  const collector = await Collector.open({ deps, scope, input, batch });
  if (batch.status !== 'failed') {
    for (const fileId of [batch.outputFileId, batch.errorFileId]) {
      if (fileId === null) continue;
      for await (const lines of inChunks(batchLines(caller, fileId), LINES_AT_ONCE)) {
        await collector.take(lines);
        await at.turn();
      }
    }
  }
  const collected = await collector.finish();
  await recordLook(scope, input, { batch, trouble: collected.trouble?.message ?? null });
  return collected;
}

function checkHasEnded({ id, status, hasEnded, counts, outputFileId }: ProviderBatch): void {
  if (!hasEnded) {
    throw ApplicationFailure.retryable(
      `the batch ${id} has not ended: it is ${status}`,
      'ProviderUnavailable',
    );
  }
  // Taken for lost, they would be paid for again.
  if (counts.completed > 0 && outputFileId === null) {
    throw ApplicationFailure.nonRetryable(
      `the provider has ${counts.completed} answers of the batch ${id}, but names no file of them: look at the batch there, then resume`,
      'InvalidRequest',
    );
  }
}

class Collector {
  private readonly deps: TeacherBatchDeps;
  private readonly scope: BatchScope;
  private readonly fileId: string;
  private readonly batch: ProviderBatch;
  /** Requests that no line has spoken of, by call key. */
  private readonly open: Map<string, FileRow>;
  private readonly parameters = new Parameters();
  private readonly spends: Spend[] = [];
  private readonly troubles = new Map<BatchTrouble['kind'], string>();
  private brought = 0;
  private unreadable: string | null = null;

  private constructor(options: {
    deps: TeacherBatchDeps;
    scope: BatchScope;
    fileId: string;
    batch: ProviderBatch;
    open: Map<string, FileRow>;
  }) {
    this.deps = options.deps;
    this.scope = options.scope;
    this.fileId = options.fileId;
    this.batch = options.batch;
    this.open = options.open;
  }

  static async open(options: {
    deps: TeacherBatchDeps;
    scope: BatchScope;
    input: SentBatch;
    batch: ProviderBatch;
  }): Promise<Collector> {
    const { scope, input } = options;
    const { id, requests } = scope.files.batch(input);
    const bytes = await scope.store.read(requests);
    if (!bytes) throw new CorruptDataError(`${requests} is missing in ${scope.store.url}`);
    const open = new Map<string, FileRow>();
    for (const row of fileRows(bytes, requests)) open.set(row.head.key, row);
    return new Collector({ ...options, fileId: id, open });
  }

  async take(lines: BatchLine[]): Promise<void> {
    const settled = await Promise.all(lines.map((line) => this.settle(line)));
    await this.record(settled.flatMap((one) => one ?? []));
  }

  /** Settles what no line spoke of. */
  async finish(): Promise<CollectedBatch> {
    const { batch } = this;
    const whole = batch.problems.map(({ message }) => message).join('; ') || 'the provider gives no reason';
    const isRefused = batch.status === 'failed';
    for (const rows of chunks([...this.open.values()], LINES_AT_ONCE)) {
      const settled = rows.map((row) => {
        this.open.delete(row.head.key);
        const reason = this.unreadable ?? 'the provider says nothing of this request';
        return this.fail(row, isRefused ? unanswered(whole) : lost(reason));
      });
      await this.record(settled);
    }
    await this.rememberParameters();
    return { brought: this.brought, spend: sumSpend(this.spends), trouble: this.trouble(whole) };
  }

  private trouble(whole: string): BatchTrouble | null {
    if (this.batch.status === 'failed') {
      const isFull = this.batch.problems.some(({ code }) => code === 'token_limit_exceeded');
      return { kind: isFull ? 'queue-full' : 'refused', message: whole };
    }
    for (const kind of ['access', 'requests'] as const) {
      const message = this.troubles.get(kind);
      if (message !== undefined) return { kind, message };
    }
    return null;
  }

  /** null: the line is about no request that is still open. */
  private async settle(line: BatchLine): Promise<Settled | null> {
    if (line.kind === 'unreadable') {
      this.unreadable ??= `a line of the provider's files cannot be read: ${line.text}`;
      return null;
    }
    const row = this.open.get(line.customId);
    if (!row) return null;
    this.open.delete(line.customId);
    const { model, price } = this.scope.teacher;
    const result = readLineResult(line, { model, price, request: row.request }, this.parameters);
    return result.kind === 'answer' ? await this.keep(row, result) : this.fail(row, result);
  }

  private async keep(row: FileRow, result: LineResult & { kind: 'answer' }): Promise<Settled> {
    const { scope, batch } = this;
    const { answer, status } = result;
    const intent = intentOf(scope, this.fileId, row.head);
    const choice = await scope.choice(row.head.callIndex);
    const { parts } = await this.stepOf(choice, row.head.key);
    const latencyMs = Math.max(0, batch.endedAt - batch.createdAt) * 1000;
    const { won } = await scope.responses.put({
      key: row.head.key,
      request: { ...parts, seed: callKey(parts).seed },
      answer,
      attemptId: intent.attemptId,
      latencyMs,
      status,
      at: new Date().toISOString(),
    });
    const kind = won ? (answerFailure(choice, answer) ?? 'answered') : 'duplicate';
    this.brought += 1;
    return { intent, outcome: paidOutcome(intent, { answer, latencyMs, status, kind }) };
  }

  private fail(row: FileRow, { outcome, isStep, trouble }: LineResult & { kind: 'failure' }): Settled {
    if (isStep) this.brought += 1;
    if (trouble && !this.troubles.has(trouble)) {
      this.troubles.set(trouble, outcome.reason ?? 'the provider gives no reason');
    }
    const intent = intentOf(this.scope, this.fileId, row.head);
    const at = new Date().toISOString();
    return {
      intent,
      outcome: { row: 'outcome', attemptId: intent.attemptId, ...outcome, latencyMs: 0, at },
    };
  }

  /** The request of a call that has this key: later ones follow from the answers to earlier ones. */
  private async stepOf(choice: SampleChoice, key: string): Promise<SampleStep> {
    const path = samplePath(choice);
    for (let step = path.next(); !step.done; ) {
      const itsKey = callKey(step.value.parts).key;
      if (itsKey === key) return step.value;
      const response = await this.scope.responses.get(itsKey);
      if (!response) break;
      step = path.next(response);
    }
    throw ApplicationFailure.nonRetryable(
      `this version makes other requests than the one that sent ${this.fileId}: finish the run with that version`,
      'OtherPrompts',
    );
  }

  private async record(settled: Settled[]): Promise<void> {
    const byShard = new Map<number, Outcome[]>();
    for (const { intent, outcome } of settled) {
      this.spends.push(spendOf({ intent, outcome }));
      const shard = this.scope.shardOf(intent.callIndex);
      const rows = byShard.get(shard) ?? [];
      rows.push(outcome);
      byShard.set(shard, rows);
    }
    const { store, files } = this.scope;
    const { writer } = this.deps;
    await Promise.all(
      [...byShard].map(([shard, rows]) => recordRows({ store, ledger: files.ledger(shard), writer, rows })),
    );
  }

  /** So that the next file goes without them, whichever worker builds it. */
  private async rememberParameters(): Promise<void> {
    const { scope, parameters } = this;
    if (parameters.refused.size === 0) return;
    const name = runFiles(scope.calls.run.runId).refusedParameters(scope.teacher.name);
    const known = (await readJsonIfAny<OptionalParameter[]>(scope.store, name)) ?? [];
    await writeJson(scope.store, name, [...new Set([...known, ...parameters.refused])].sort());
  }
}

interface Settled {
  intent: Intent;
  outcome: Outcome;
}

function chunks<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}

async function* inChunks<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let chunk: T[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
