import { CancelledFailure } from '@temporalio/common';
import type { PromptBody, TeacherForm } from '../../methods/prompt.js';
import type { TeacherAnswer } from '../../store/response-store.js';
import type { Sampling } from '../types.js';
import type { TeacherClient } from './client.js';
import { Deadline } from './deadline.js';
import { fetchVectors, RefusedError } from './endpoint-fetch.js';
import { readErrorBody } from './error-body.js';
import { errorFacts, isUnbilled, MalformedError, parseBody, requestIdOf, type Seen } from './error-facts.js';
import { type ErrorFacts, type MappedError, mapError } from './error-map.js';
import type { Trouble } from './health.js';
import { isObject } from './json-object.js';
import { BodyTooLargeError } from './limit-body.js';
import type { OptionalParameter } from './parameters.js';
import { readResponse, readVectors } from './read-response.js';
import { requestBody } from './request-body.js';

export interface SendOptions {
  client: TeacherClient;
  model: string;
  body: PromptBody;
  sampling: Sampling;
  /** 31 bits. */
  seed: number;
  /** Sent as `X-Client-Request-Id`. */
  clientRequestId: string;
  /** The call that it belongs to (`callName`): it may need several requests, and attempts at each. */
  call: string;
  /** Which attempt of the activity sends it, from 1. */
  attempt: number;
  /** Ends the request on the wire. */
  signal: AbortSignal;
}

/** What became of one request; nothing is thrown for what an endpoint does. */
export type Sent = { latencyMs: number; status: number | null; requestId: string | null } & (
  | { kind: 'answer'; answer: TeacherAnswer }
  | {
      kind: 'error';
      error: MappedError;
      /** `none`: certainly not billed. `unknown`: the provider may have done the work. */
      bill: 'none' | 'unknown';
      /** The endpoint refused this parameter and shall be asked again, not for it; null for any other error. */
      refusedParameter: OptionalParameter | null;
    }
  | { kind: 'aborted'; failure: CancelledFailure }
);

/** Sends one request, once. */
export async function sendPrompt(options: SendOptions): Promise<Sent> {
  const { client, signal } = options;
  const startMs = performance.now();
  const deadline = new Deadline({ caller: signal, timeoutMs: client.timeoutMs });
  const seen: Seen = { status: null, requestId: null, isTimeout: () => deadline.isOver };
  const body = requestBody({ ...options, parameters: client.parameters.of(options.model) });
  try {
    const outcome = await exchange({ ...options, request: { body, signal: deadline.signal }, seen });
    client.health.answered(options.call);
    return { ...outcome, ...facts(seen, startMs) };
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted', failure: cancelled(signal), ...facts(seen, startMs) };
    return { ...failed({ error, options, seen, sent: body }), ...facts(seen, startMs) };
  } finally {
    deadline.close();
  }
}

const paths = {
  completion: '/completions',
  chat: '/chat/completions',
  embedding: '/embeddings',
} as const satisfies Record<TeacherForm, string>;

async function exchange(
  options: SendOptions & { request: { body: Record<string, unknown>; signal: AbortSignal }; seen: Seen },
): Promise<{ kind: 'answer'; answer: TeacherAnswer }> {
  const { client, request, seen, model } = options;
  // Not `embeddings.create`, which takes every answer for base64, also of endpoints that know no encoding.
  const openai =
    options.body.form === 'embedding' ? client.openai.withOptions({ fetch: fetchVectors }) : client.openai;
  const response = await openai
    .post(paths[options.body.form], {
      body: request.body,
      signal: request.signal,
      headers: { 'X-Client-Request-Id': options.clientRequestId },
    })
    .asResponse();
  seen.status = response.status;
  seen.headers = response.headers;
  seen.requestId = requestIdOf(response.headers);
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    if (!(error instanceof BodyTooLargeError)) throw error;
    const answer = { kind: 'too-large', text: '', finishReason: null, usage: null, model } as const;
    return { kind: 'answer', answer: { ...answer, requestId: seen.requestId } };
  }
  const body = parseBody(text, response);
  const { requestId } = seen;
  const answer =
    options.body.form === 'embedding'
      ? readVectors({ body, texts: options.body.input.length, model, requestId })
      : readResponse({ body, model, requestId });
  if (!answer) throw failureInside(body, { text, headers: response.headers });
  return { kind: 'answer', answer };
}

/** A success that is none: some gateways (OpenRouter) put the error, and the status that it should have, into its body. */
function failureInside(body: unknown, { text, headers }: { text: string; headers: Headers }): Error {
  const status = isObject(body) && isObject(body.error) ? Number(body.error.code) : Number.NaN;
  if (status >= 400 && status < 600) return new RefusedError({ status, headers, body: text });
  return new MalformedError(
    `the answer has no choices or vectors: ${readErrorBody(text).message.slice(0, 200)}`,
  );
}

function failed(at: { error: unknown; options: SendOptions; seen: Seen; sent: Record<string, unknown> }) {
  const { error, options, seen, sent } = at;
  const { client, attempt } = options;
  const found = errorFacts(error, { seen, attempt, client, timeoutMs: client.timeoutMs });
  const facts = found.status === 429 ? found : withTrouble(found, client.health.failed(options.call));
  const { status, param, message } = facts;
  const refusedParameter = client.parameters.of(options.model).learn({ status, param, message, sent });
  const mapped = mapError(facts, { nowMs: Date.now(), random: Math.random() });
  if (mapped.drop !== null) client.health.forget(options.call);
  return {
    kind: 'error' as const,
    error: mapped,
    bill: isUnbilled(facts) ? ('none' as const) : ('unknown' as const),
    refusedParameter,
  };
}

/**
 * For failures that are about the request; being told to wait says nothing about it. A call whose requests may all have
 * been paid for is scheduled anew, so that its attempts begin at 1 again.
 */
function withTrouble(facts: ErrorFacts, trouble: Trouble): ErrorFacts {
  return { ...facts, trouble, attempt: Math.max(facts.attempt, trouble.failures) };
}

function facts({ status, requestId }: Seen, startMs: number) {
  return { status, requestId, latencyMs: Math.round(performance.now() - startMs) };
}

function cancelled(signal: AbortSignal): CancelledFailure {
  return signal.reason instanceof CancelledFailure
    ? signal.reason
    : new CancelledFailure('the call was cancelled');
}
