/**
 * One teacher call, durably: nothing that was paid for is asked again, and nothing is asked without a row in the
 * ledger. `callTeacher` builds the prompt and calls this.
 */
import { CancelledFailure } from '@temporalio/common';
import { type CallKeyParts, callKey } from '../store/call-key.js';
import type { Price } from '../store/pricing.js';
import type { ResponseStore, TeacherAnswer } from '../store/response-store.js';
import { answerFailure, type CountedAnswer, type SampleChoice, samplePath } from './sample-path.js';
import type { SpendBook } from './spend-book.js';
import { type AskedOnce, askOnce, callName } from './teacher-client/ask-once.js';
import type { TeacherClient } from './teacher-client/client.js';
import { type Flights, OthersFailure } from './teacher-client/flights.js';
import type { CallFailure } from './types.js';

/** What a worker process has once. */
export interface AskDeps {
  client: TeacherClient;
  responses: ResponseStore;
  /** Shared by all calls of the process. */
  flights: Flights<AskedOnce>;
  /** From `processWriter()`. */
  writer: string;
  /** Resolves when the limits of the endpoint allow one more request; the server may see to that already. */
  turn(signal: AbortSignal): Promise<void>;
}

export interface TeacherCall extends SampleChoice {
  ledger: {
    /** Name of the shard's log. */
    name: string;
    callIndex: number;
    /** Names the scheduling of the call: `<workflow run>/<activity>`. */
    activity: string;
    /** Which attempt of it this is, from 1. */
    attempt: number;
  };
  /** null: unknown; then costs are null too. */
  price: Price | null;
  /** What the call may spend, and has spent. */
  book: SpendBook;
  /** The activity's cancellation signal. */
  signal: AbortSignal;
}

export interface AskResult {
  outcome: 'answered' | CallFailure;
  /** Why the endpoint refused the request; null otherwise. */
  reason: string | null;
  /** null when the endpoint refused the request itself. */
  counted: CountedAnswer | null;
  /** Requests sent by this attempt. */
  sent: number;
  /** Answers that this attempt found in the store, or that another call was already asking for. */
  fromStore: number;
}

/**
 * Makes the requests that the call needs until one answer is usable or all were tried; stored answers first.
 * @throws ApplicationFailure `RateLimited`, `ProviderUnavailable` (retryable), `ProviderAccess` (not); whatever the
 *   store throws (`UserError` on a full disk, retryable); CancelledFailure when `signal` fires; ReservationSpent.
 */
export async function askTeacher(deps: AskDeps, call: TeacherCall): Promise<AskResult> {
  const asked: (AskedOnce & { joined: boolean })[] = [];
  const signal = leavingSignal(call.signal);
  const path = samplePath(call);
  for (let step = path.next(); ; ) {
    if (step.done) return total({ counted: step.value, asked });
    const once = await joinOrAsk(deps, { ...call, signal }, step.value.parts);
    asked.push(once);
    if (!once.response) return total({ counted: null, asked });
    step = path.next(once.response);
  }
}

async function joinOrAsk(
  { client, responses, flights, writer, turn }: AskDeps,
  call: TeacherCall,
  parts: CallKeyParts,
): Promise<AskedOnce & { joined: boolean }> {
  const { key, seed } = callKey(parts);
  const { ledger, price, book } = call;
  const owner = callName(ledger);
  const failureOf = (answer: TeacherAnswer) => answerFailure(call, answer);
  const start = (signal: AbortSignal) =>
    askOnce({ client, responses, writer, turn, key, seed, parts, ledger, price, book, failureOf, signal });
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

function total(options: {
  counted: CountedAnswer | null;
  asked: (AskedOnce & { joined: boolean })[];
}): AskResult {
  const { counted, asked } = options;
  const dropped = asked.at(-1)?.dropped ?? null;
  return {
    outcome: counted?.outcome ?? dropped?.outcome ?? 'invalid-request',
    reason: dropped?.reason ?? null,
    counted,
    // Who joined a flight neither sent nor paid: that is in the other call's rows.
    sent: asked.reduce((sum, once) => sum + (once.joined ? 0 : once.sent), 0),
    fromStore: asked.filter((once) => once.response && (once.fromStore || once.joined)).length,
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
