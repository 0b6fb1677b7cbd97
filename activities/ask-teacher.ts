/**
 * One teacher call, durably: nothing that was paid for is asked again, and nothing is asked without a row in the
 * ledger. `callTeacher` builds the prompt and calls this.
 */
import { CancelledFailure } from '@temporalio/common';
import type { PromptBody } from '../methods/prompt.js';
import { type CallKeyParts, callKey, type ReuseScope } from '../store/call-key.js';
import { type Price, sumUsd } from '../store/pricing.js';
import type { ResponseStore, StoredResponse, TeacherAnswer } from '../store/response-store.js';
import { type AskedOnce, askOnce } from './teacher-client/ask-once.js';
import type { TeacherClient } from './teacher-client/client.js';
import { type Flights, OthersFailure } from './teacher-client/flights.js';
import type { CallFailure, Sampling } from './types.js';

/** What a worker process has once. */
export interface AskDeps {
  client: TeacherClient;
  responses: ResponseStore;
  /** Shared by all calls of the process. */
  flights: Flights<AskedOnce>;
  /** From `processWriter()`. */
  writer: string;
}

/** Which answers a call may use. */
export interface SampleChoice {
  /** From `teacherIdentity`. */
  teacher: string;
  model: string;
  body: PromptBody;
  sampling: Sampling;
  runSeed: number;
  /** How many earlier calls of this run ask exactly this prompt. */
  nth: number;
  scope: ReuseScope;
  /** Further samples that may be asked for when an answer is of no use. */
  freshSamples: number;
  /** null: usable. Asked only about texts, whole or cut off. */
  failureOf(answer: { text: string; truncated: boolean }): CallFailure | null;
}

export interface TeacherCall extends SampleChoice {
  ledger: {
    /** Name of the shard's log. */
    name: string;
    callIndex: number;
    /** Which attempt of the activity this is, from 1. */
    attempt: number;
  };
  /** null: unknown; then costs are null too. */
  price: Price | null;
  /** The activity's cancellation signal. */
  signal: AbortSignal;
}

/** The answer that counts: the first usable one, else the last. */
export interface CountedAnswer {
  outcome: 'answered' | CallFailure;
  response: StoredResponse;
}

export interface AskResult {
  outcome: 'answered' | CallFailure;
  /** Why the endpoint refused the request; null otherwise. */
  reason: string | null;
  /** null when the endpoint refused the request itself. */
  response: StoredResponse | null;
  /** Requests sent by this attempt. */
  sent: number;
  /** Answers that this attempt found in the store, or that another call was already asking for. */
  fromStore: number;
  /** Of the requests sent. */
  tokens: { prompt: number; completion: number };
  /** Of the requests sent, where the provider's bill is known; null: no price is known for one of them. */
  costUsd: number | null;
  /** Requests sent whose bill is unknown: they stay reserved at their highest cost. */
  unknownBills: number;
}

/**
 * Asks for samples until one is usable, at most `1 + freshSamples`; stored ones first.
 * @throws ApplicationFailure `RateLimited`, `ProviderUnavailable` (retryable), `ProviderAccess` (not); whatever the
 *   store throws (`UserError` on a full disk, retryable); CancelledFailure when `signal` fires.
 */
export async function askTeacher(deps: AskDeps, call: TeacherCall): Promise<AskResult> {
  const asked: (AskedOnce & { joined: boolean })[] = [];
  const signal = leavingSignal(call.signal);
  for (let fresh = 0; ; fresh += 1) {
    const once = await joinOrAsk(deps, { ...call, signal }, keyParts(call, fresh));
    asked.push(once);
    if (!once.response) return total({ outcome: once.dropped?.outcome ?? 'invalid-request', asked });
    const failure = answerFailure(call, once.response.answer);
    if (failure === null || fresh >= call.freshSamples)
      return total({ outcome: failure ?? 'answered', asked });
  }
}

/** The answer of a call, from the store alone; null when none was ever stored. What `askTeacher` counts, recomputed. */
export async function findAnswer(
  responses: ResponseStore,
  choice: SampleChoice,
): Promise<CountedAnswer | null> {
  let last: CountedAnswer | null = null;
  for (let fresh = 0; fresh <= choice.freshSamples; fresh += 1) {
    const response = await responses.get(callKey(keyParts(choice, fresh)).key);
    if (!response) break;
    const failure = answerFailure(choice, response.answer);
    last = { outcome: failure ?? 'answered', response };
    if (failure === null) break;
  }
  return last;
}

async function joinOrAsk(
  { client, responses, flights, writer }: AskDeps,
  call: TeacherCall,
  parts: CallKeyParts,
): Promise<AskedOnce & { joined: boolean }> {
  const { key, seed } = callKey(parts);
  const { ledger, price } = call;
  const owner = `${ledger.name}#${ledger.callIndex}`;
  const failureOf = (answer: TeacherAnswer) => answerFailure(call, answer);
  const start = (signal: AbortSignal) =>
    askOnce({ client, responses, writer, key, seed, parts, ledger, price, failureOf, signal });
  while (true) {
    try {
      const flight = await flights.join({ key, owner, signal: call.signal, callsOff, start });
      const isMine = flight.owner === owner;
      // A refusal is written in the ledger of the call that was refused; this one needs its own.
      if (isMine || flight.value.response) return { ...flight.value, joined: !isMine };
    } catch (error) {
      if (!(error instanceof OthersFailure)) throw error;
    }
  }
}

function keyParts(choice: SampleChoice, fresh: number): CallKeyParts {
  const { teacher, model, body, sampling, runSeed, nth, scope } = choice;
  return { teacher, model, body, sampling, sample: { runSeed, nth, fresh }, scope };
}

function answerFailure(choice: SampleChoice, { kind, text }: TeacherAnswer): CallFailure | null {
  switch (kind) {
    case 'text':
    case 'truncated':
      return choice.failureOf({ text, truncated: kind === 'truncated' });
    case 'refused':
    case 'content-filter':
      return kind;
    case 'empty':
    case 'too-large':
      return 'unparsable';
  }
}

function total(options: {
  outcome: AskResult['outcome'];
  asked: (AskedOnce & { joined: boolean })[];
}): AskResult {
  const { outcome, asked } = options;
  // Who joined a flight neither sent nor paid: that is in the other call's rows.
  const bills = asked.flatMap((once) => (once.joined ? [] : once.bills));
  const known = bills.filter(({ bill }) => bill === 'known');
  const costs = known.map(({ costUsd }) => costUsd);
  const sum = (tokens: (bill: AskedOnce['bills'][number]) => number | undefined) =>
    bills.reduce((total, bill) => total + (tokens(bill) ?? 0), 0);
  const last = asked.at(-1);
  return {
    outcome,
    reason: last?.dropped?.reason ?? null,
    response: last?.response ?? null,
    sent: bills.length,
    fromStore: asked.filter((once) => once.response && (once.fromStore || once.joined)).length,
    tokens: {
      prompt: sum(({ usage }) => usage?.promptTokens),
      completion: sum(({ usage }) => usage?.completionTokens),
    },
    costUsd: costs.includes(null) ? null : sumUsd(costs as number[]),
    unknownBills: bills.length - known.length,
  };
}

/**
 * The cancellation signal without worker shutdown: a worker that stops lets its calls in flight finish, and waits as
 * long as it was told to.
 */
function leavingSignal(signal: AbortSignal): AbortSignal {
  const leaving = new AbortController();
  const pass = () => {
    if (reasonOf(signal.reason) !== 'WORKER_SHUTDOWN') leaving.abort(asCancelled(signal.reason));
  };
  if (signal.aborted) pass();
  else signal.addEventListener('abort', pass, { once: true });
  return leaving.signal;
}

/**
 * Whether somebody wants the request ended. The other reasons that the SDK gives (`TIMED_OUT`, `NOT_FOUND`, `RESET` …)
 * end this attempt only: its answer is being paid for, so it is waited for and stored.
 */
function callsOff(reason: unknown): boolean {
  const why = reasonOf(reason);
  return why === null || why === 'CANCELLED';
}

/** The SDK's reason; null for a signal that is not the SDK's. */
function reasonOf(reason: unknown): string | null {
  return reason instanceof CancelledFailure && /^[A-Z_]+$/.test(reason.message) ? reason.message : null;
}

function asCancelled(reason: unknown): CancelledFailure {
  return reason instanceof CancelledFailure ? reason : new CancelledFailure('the call was cancelled');
}
