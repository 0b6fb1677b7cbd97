/** What is known of a request that failed, for the table of `error-map.ts`. */
import { APIError } from 'openai';
import type { TeacherClient } from './client.js';
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
    throw new MalformedError(`the answer is no JSON (${type}): ${text.slice(0, 200)}`);
  }
}

/** Errors of what stands between: the provider behind may have done the work. */
const GATEWAY_STATUSES = new Set([408, 499, 502, 504, 520, 522, 524]);

/** The request cannot have reached the endpoint. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** Whether the request was certainly not billed. */
export function isUnbilled({ source, status, code }: ErrorFacts): boolean {
  if (source === 'http') return status !== null && !GATEWAY_STATUSES.has(status);
  return source === 'connection' && NEVER_CONNECTED.has(code);
}

/**
 * The package's connection errors, timeouts and aborts are `APIError`s too, but without a status: what has none is a
 * matter of the network, never of the request.
 */
export function errorFacts(error: unknown, request: FailedRequest): ErrorFacts {
  const facts = wordedFacts(error, request);
  // The environment variable may have any name, so `redact` alone might not know that this is a key.
  const { apiKey } = request.client.openai;
  return apiKey ? { ...facts, message: facts.message.replaceAll(apiKey, '[redacted]') } : facts;
}

function wordedFacts(error: unknown, { client, seen, attempt, timeoutMs }: FailedRequest): ErrorFacts {
  if (error instanceof MalformedError) {
    const { status, headers } = seen;
    const { message } = error;
    return { source: 'malformed', status, headers, code: '', errorType: '', message, attempt };
  }
  if (error instanceof APIError && error.status !== undefined) {
    seen.status = error.status;
    seen.requestId = error.requestID ?? null;
    const { status, headers, code, type, message } = error;
    const words = message.replace(new RegExp(`^${status} `), '');
    const at = { status, headers, code: String(code ?? ''), errorType: String(type ?? '') };
    return { source: 'http', ...at, message: words, attempt };
  }
  const { code, text } = rootCause(error);
  const message = seen.isTimeout()
    ? `no answer from ${client.baseUrl} within ${timeoutMs / 1000} s`
    : `no answer from ${client.baseUrl}: ${text}`;
  return { source: 'connection', status: null, headers: undefined, code, errorType: '', message, attempt };
}

/** The network's own error lies under "Connection error." and "fetch failed". */
function rootCause(error: unknown): { code: string; text: string } {
  let at = error as { cause?: unknown; code?: string; message?: string; errors?: unknown[] };
  for (let depth = 0; depth < 5; depth += 1) {
    const next = at.cause ?? at.errors?.[0];
    if (!(next instanceof Error)) break;
    at = next;
  }
  return { code: at.code ?? '', text: at.message || at.code || 'the connection failed' };
}
