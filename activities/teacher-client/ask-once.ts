import { randomUUID } from 'node:crypto';
import type { CallKeyParts } from '../../store/call-key.js';
import { type Intent, type Outcome, type OutcomeKind, recordRows } from '../../store/ledger.js';
import { costUsd, type Price } from '../../store/pricing.js';
import type { ResponseStore, StoredResponse, TeacherAnswer } from '../../store/response-store.js';
import type { SpendBook } from '../spend-book.js';
import type { AnswerFailure, CallFailure } from '../types.js';
import type { TeacherClient } from './client.js';
import { highestTokens } from './request-body.js';
import { type Sent, sendPrompt } from './send-prompt.js';

export interface AskOnceOptions {
  client: TeacherClient;
  responses: ResponseStore;
  /** Names this process in logs. */
  writer: string;
  /** Resolves when the limits of the endpoint allow one more request. */
  turn(signal: AbortSignal): Promise<void>;
  key: string;
  seed: number;
  parts: CallKeyParts;
  ledger: { name: string; callIndex: number; activity: string; attempt: number };
  price: Price | null;
  /** What the call may spend, and has spent. */
  book: SpendBook;
  /** How the ledger counts the answer; null: usable. */
  failureOf(answer: TeacherAnswer): AnswerFailure | null;
  signal: AbortSignal;
}

/** Names a call, the same whenever it is scheduled. */
export function callName({ name, callIndex }: Pick<AskOnceOptions['ledger'], 'name' | 'callIndex'>): string {
  return `${name}#${callIndex}`;
}

/** What asking for one sample came to. */
export interface AskedOnce {
  /** The answer that stands in the store; null when the endpoint refused the request itself. */
  response: StoredResponse | null;
  /** How the call is counted when there is no answer. */
  dropped: { outcome: CallFailure; reason: string } | null;
  fromStore: boolean;
  /** Requests that were sent. */
  sent: number;
}

/**
 * A process that was stopped (a laptop's lid, a paused machine) between its look into the store and its request finds
 * the call given to another one by then, once heartbeats were late; no sooner than half their timeout.
 */
const staleLookMs = 10_000;

/**
 * Gets one sample, from the store if it is there. Otherwise, each step durable before the next: intent, request,
 * answer into the store; its outcome follows within a tenth of a second.
 * @throws ApplicationFailure as `error-map.ts` says; CancelledFailure when `signal` fires.
 */
export async function askOnce(options: AskOnceOptions): Promise<AskedOnce> {
  const lookedMs = Date.now();
  const stored = await options.responses.get(options.key);
  if (stored) return { response: stored, dropped: null, fromStore: true, sent: 0 };
  for (let requests = 1; ; requests += 1) {
    const { intent, sent, meanwhile } = await inTurn(options, lookedMs);
    if (meanwhile) return { response: meanwhile, dropped: null, fromStore: true, sent: requests - 1 };
    if (sent.kind === 'answer') {
      const { response, outcome, won } = await keep(options, intent, sent);
      const recorded = record(options, outcome, { mayWait: won });
      // With its answer in the store, a lost outcome is settled when the shard closes: no call waits for the row.
      if (won) recorded.catch(() => {});
      else await recorded;
      return { response, dropped: null, fromStore: false, sent: requests };
    }
    const outcome = failedOutcome(intent, sent);
    await record(options, outcome);
    if (sent.kind === 'aborted') throw sent.failure;
    if (sent.refusedParameter) continue;
    const { drop, reason, failure } = sent.error;
    if (drop === null) throw failure;
    return { response: null, dropped: { outcome: drop, reason }, fromStore: false, sent: requests };
  }
}

type Attempted =
  | { intent: Intent; sent: Sent; meanwhile?: never }
  | { meanwhile: StoredResponse; intent?: never; sent?: never };

/** Sends one request when it is its turn at the endpoint; before that, nothing of it is in the ledger. */
async function inTurn(options: AskOnceOptions, lookedMs: number): Promise<Attempted> {
  const { gate } = options.client;
  await options.turn(options.signal);
  const pass = await gate.enter(options.signal);
  let isRateLimited = false;
  try {
    const attempted = await sendUnlessStored(options, lookedMs);
    isRateLimited = attempted.sent?.kind === 'error' && attempted.sent.error.type === 'RateLimited';
    return attempted;
  } finally {
    gate.leave(pass, { isRateLimited });
  }
}

async function sendUnlessStored(options: AskOnceOptions, lookedMs: number): Promise<Attempted> {
  const { responses, key, book, parts, ledger, signal } = options;
  signal.throwIfAborted();
  const intent = newIntent(options);
  book.intend(intent);
  try {
    await record(options, intent);
  } catch (error) {
    book.withdraw(intent);
    throw error;
  }
  if (Date.now() - lookedMs > staleLookMs) {
    const meanwhile = await responses.get(key);
    if (meanwhile) {
      await record(options, unsentOutcome(intent));
      return { meanwhile };
    }
  }
  const clientRequestId = intent.attemptId;
  const { attempt } = ledger;
  const sent = await sendPrompt({ ...options, ...parts, clientRequestId, call: callName(ledger), attempt });
  return { intent, sent };
}

function newIntent({ key, parts, ledger, price }: AskOnceOptions): Intent {
  const tokens = highestTokens(parts);
  const usage = { promptTokens: tokens.prompt, cachedPromptTokens: 0, completionTokens: tokens.completion };
  return {
    row: 'intent',
    attemptId: randomUUID(),
    callKey: key,
    callIndex: ledger.callIndex,
    activity: ledger.activity,
    attempt: ledger.attempt,
    model: parts.model,
    highestTokens: tokens,
    highestUsd: costUsd(usage, price),
    price,
    at: new Date().toISOString(),
  };
}

async function keep(
  { key, seed, parts, responses, failureOf }: AskOnceOptions,
  intent: Intent,
  sent: Sent & { kind: 'answer' },
): Promise<{ response: StoredResponse; outcome: Outcome; won: boolean }> {
  const { answer, latencyMs } = sent;
  const { response, won } = await responses.put({
    key,
    request: { ...parts, seed },
    answer,
    attemptId: intent.attemptId,
    latencyMs,
    status: sent.status ?? 200,
    at: new Date().toISOString(),
  });
  const kind = won ? (failureOf(answer) ?? 'answered') : 'duplicate';
  const outcome = paidOutcome(intent, { answer, latencyMs, status: sent.status, kind });
  return { response, outcome, won };
}

/** The outcome of an attempt that was answered; its bill is known when the answer says what it used. */
export function paidOutcome(
  intent: Intent,
  paid: { answer: TeacherAnswer; latencyMs: number; status: number | null; kind: OutcomeKind },
): Outcome {
  const { answer, latencyMs, status, kind } = paid;
  return {
    row: 'outcome',
    attemptId: intent.attemptId,
    kind,
    status,
    reason: null,
    usage: answer.usage,
    costUsd: answer.usage && costUsd(answer.usage, intent.price),
    bill: answer.usage ? 'known' : 'unknown',
    latencyMs,
    requestId: answer.requestId,
    at: new Date().toISOString(),
  };
}

function failedOutcome(intent: Intent, sent: Exclude<Sent, { kind: 'answer' }>): Outcome {
  const isUnbilled = sent.kind === 'error' && sent.bill === 'none';
  return {
    row: 'outcome',
    attemptId: intent.attemptId,
    kind: sent.kind === 'aborted' ? 'aborted' : errorKind(sent),
    status: sent.status,
    reason: sent.kind === 'aborted' ? 'cancelled' : sent.error.reason,
    usage: null,
    costUsd: isUnbilled ? 0 : null,
    bill: isUnbilled ? 'known' : 'unknown',
    latencyMs: sent.latencyMs,
    requestId: sent.requestId,
    at: new Date().toISOString(),
  };
}

/** Another process has answered while this one stood still. */
function unsentOutcome(intent: Intent): Outcome {
  return {
    row: 'outcome',
    attemptId: intent.attemptId,
    kind: 'aborted',
    status: null,
    reason: 'not sent: another process has stored the answer meanwhile',
    usage: null,
    costUsd: 0,
    bill: 'known',
    latencyMs: 0,
    requestId: null,
    at: new Date().toISOString(),
  };
}

function errorKind({ error, refusedParameter }: Sent & { kind: 'error' }): OutcomeKind {
  const { drop } = error;
  // Refused for a parameter that is left out the next time, so not for good.
  return refusedParameter || drop === null || drop === 'unanswered' ? 'failed' : drop;
}

/**
 * The outcome of an attempt that died after its answer was stored and before its outcome was written; null when the
 * store has no answer that it bought. For `compactLedger`.
 */
export async function settleFromStore(responses: ResponseStore, intent: Intent): Promise<Outcome | null> {
  const stored = await responses.get(intent.callKey);
  if (stored?.attemptId !== intent.attemptId) return null;
  return paidOutcome(intent, { ...stored, kind: 'answered' });
}

async function record(
  { responses, ledger, writer, book }: AskOnceOptions,
  row: Intent | Outcome,
  { mayWait = false } = {},
): Promise<void> {
  if (row.row === 'outcome') book.settle(row);
  await recordRows({ store: responses.store, ledger: ledger.name, writer, rows: [row], mayWait });
}
