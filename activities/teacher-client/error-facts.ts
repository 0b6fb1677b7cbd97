/** What is known of a request that failed, for the table of `error-map.ts`. */
import { oneLine } from '../../methods/text.js';
import type { TeacherClient } from './client.js';
import { NoResponseError, RefusedError } from './endpoint-fetch.js';
import { readErrorBody } from './error-body.js';
import type { ErrorFacts } from './error-map.js';

/** What is known of the response so far. */
export interface Seen {
  status: number | null;
  requestId: string | null;
  headers?: Headers;
  isTimeout(): boolean;
}

/** The request that failed. */
export interface FailedRequest {
  client: TeacherClient;
  seen: Seen;
  /** Which attempt of the activity it was, from 1. */
  attempt: number;
  /** Longest time that it was given. */
  timeoutMs: number;
}

/** A success that cannot be read. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** The body as JSON. @throws MalformedError that says what it is instead. */
export function parseBody(text: string, response: Response): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const type = response.headers.get('content-type') ?? 'no content type';
    const { message } = readErrorBody(text);
    throw new MalformedError(`the answer is no JSON (${type}): ${message.slice(0, 200)}`);
  }
}

const MAX_REQUEST_ID = 100;

/** The provider's own id of a request, by which its log can be searched; null where it gives none. */
export function requestIdOf(headers: Headers): string | null {
  const id = oneLine(headers.get('x-request-id') ?? '').slice(0, MAX_REQUEST_ID);
  return id === '' ? null : id;
}

/** Errors of what stands between: the provider behind may have done the work. */
const GATEWAY_STATUSES = new Set([408, 499, 502, 504, 520, 522, 524]);

/** Whether the request was certainly not billed. */
export function isUnbilled({ source, status }: ErrorFacts): boolean {
  if (source === 'http') return status !== null && !GATEWAY_STATUSES.has(status);
  return source === 'unreached';
}

/** Reads whatever sending a request threw. What has no status is a matter of the network, never of the request. */
export function errorFacts(error: unknown, request: FailedRequest): ErrorFacts {
  const facts = wordedFacts(error, request);
  // The environment variable may have any name, so `redact` alone might not know that this is a key.
  const { apiKey } = request.client.openai;
  return apiKey ? { ...facts, message: facts.message.replaceAll(apiKey, '[redacted]') } : facts;
}

function wordedFacts(error: unknown, { client, seen, attempt, timeoutMs }: FailedRequest): ErrorFacts {
  // Without a memory of its own, an attempt that failed is one of as many.
  const trouble = { failures: attempt, othersAnswered: 0 };
  const nothing = { status: null, headers: undefined, code: '', errorType: '', param: null };
  const common = { attempt, trouble };
  if (error instanceof MalformedError) {
    const { status, headers } = seen;
    return { ...common, ...nothing, source: 'malformed', status, headers, message: error.message };
  }
  const root = rootCause(error);
  if (root instanceof RefusedError) {
    const { status, headers, body } = root;
    seen.status = status;
    seen.requestId = requestIdOf(headers);
    const { message, code, type, param } = readErrorBody(body);
    const target = headers.get('location');
    const words = status < 400 && target !== null ? `it redirects to ${target}` : message;
    return { ...common, source: 'http', status, headers, code, errorType: type, param, message: words };
  }
  const { code = '', syscall = '' } = root as NodeJS.ErrnoException;
  const why = seen.isTimeout()
    ? ` within ${timeoutMs / 1000} s`
    : `: ${root.message || code || 'the connection failed'}`;
  const source = isUnreached(code, syscall) ? 'unreached' : 'connection';
  return { ...common, ...nothing, source, code, message: `no answer from ${client.baseUrl}${why}` };
}

/** Whether the request cannot have reached the endpoint: no such host, no connection, no encryption. */
function isUnreached(code: string, syscall: string): boolean {
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    /^(ERR_SSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code)
  );
}

/** The network's own error lies under "Connection error." and "fetch failed", that of each address under all of them. */
function rootCause(error: unknown): Error {
  let at = error instanceof Error ? error : new Error(String(error));
  for (let depth = 0; depth < 6; depth += 1) {
    const { cause, errors } = at as AggregateError;
    const next =
      at instanceof NoResponseError ? at.reason : (cause ?? (errors as unknown[] | undefined)?.[0]);
    if (!(next instanceof Error)) break;
    at = next;
  }
  return at;
}
