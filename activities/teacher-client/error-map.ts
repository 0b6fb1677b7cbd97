/**
 * What becomes of a request that got no answer. One row per kind of provider behaviour, first match wins; a test
 * against a real server holds each row to it.
 */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { CallFailure } from '../types.js';
import type { Trouble } from './health.js';
import { redact } from './redact.js';
import { retryDelayMs } from './retry-delay.js';

/** Types of the failures that `callTeacher` throws; workflows and retry policies know them by these names. */
export type TeacherFailureType = 'RateLimited' | 'ProviderUnavailable' | 'InvalidRequest' | 'ProviderAccess';

export type Drop = Extract<CallFailure, 'invalid-request' | 'content-filter' | 'unanswered'>;

/** What is known of a failed request. */
export interface ErrorFacts {
  /**
   * `http`: a response that is no success. `malformed`: a success that cannot be read. `connection`: no response.
   * `unreached`: no response to a request that certainly never arrived.
   */
  source: 'http' | 'malformed' | 'connection' | 'unreached';
  /** null without a response. */
  status: number | null;
  headers: Headers | undefined;
  /** The provider's `error.code` and `error.type`, or the system's code of a connection error; '' when it gives none. */
  code: string;
  errorType: string;
  /** The provider's `error.param`; null when it names none. */
  param: string | null;
  /** The provider's words, or the network's. */
  message: string;
  /** From 1: which attempt of the activity it was, or how often the call has failed, whichever is more. */
  attempt: number;
  trouble: Trouble;
}

interface Row {
  /** The provider behaviour that the row answers. */
  behaviour: string;
  matches(facts: ErrorFacts): boolean;
  type: TeacherFailureType;
  /** For `InvalidRequest`: how the dropped item is counted. */
  drop?: Drop;
  /** What a person should look at, after the provider's own words. */
  advice?: string;
}

/** A malformed success may be a passing glitch of a gateway, or a wrong base URL for ever: then a person is needed. */
const MALFORMED_TRIES = 5;
/** A request that the provider wants to have again (`x-should-retry: true`) though it has refused it. */
const REFUSED_TRIES = 5;
/** So often a request may fail, while so many others are answered, before it is taken for what is wrong. */
const HOPELESS_TRIES = 10;
const OTHERS_ANSWERED = 10;

const QUOTA_CODES = new Set(['insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active']);

const isBroken = ({ status }: ErrorFacts) =>
  status === 408 || status === 409 || status === 425 || (status !== null && status >= 500);

const errorTable: readonly Row[] = [
  {
    behaviour:
      'the account has no money left, whatever the status (OpenAI: 429 insufficient_quota; others: 402)',
    matches: (facts) =>
      facts.status === 402 || QUOTA_CODES.has(facts.code) || QUOTA_CODES.has(facts.errorType),
    type: 'ProviderAccess',
    advice: 'the account is out of quota: add credit or raise its limit, then resume',
  },
  {
    behaviour: 'the key is missing, wrong, or not allowed to use this model or region',
    matches: ({ status }) => status === 401 || status === 403,
    type: 'ProviderAccess',
    advice: "check the worker's API key and what it may use, then resume",
  },
  {
    behaviour:
      'the model is unknown (OpenAI: 404 model_not_found; vLLM, Ollama: by words), as every call would find',
    matches: ({ status, code, message }) =>
      status === 404 &&
      (code === 'model_not_found' || /model.*(not found|not exist|no such)/is.test(message)),
    type: 'ProviderAccess',
    advice: "check the recipe's teacher.model, then resume",
  },
  {
    behaviour: 'the endpoint has moved; to follow it would send prompts where the recipe does not say',
    matches: ({ source, status }) => source === 'http' && status !== null && status < 400,
    type: 'ProviderAccess',
    advice: 'set the base URL to where it redirects, then resume',
  },
  {
    behaviour:
      'a single request above a limit per minute, which no waiting helps (OpenAI: "Request too large")',
    matches: ({ status, message }) => status === 429 && /request too large/i.test(message),
    type: 'InvalidRequest',
    drop: 'invalid-request',
  },
  {
    behaviour: 'a limit that waiting does not help, by the provider’s own word (x-should-retry: false)',
    matches: ({ status, headers }) => status === 429 && headers?.get('x-should-retry') === 'false',
    type: 'ProviderAccess',
    advice: 'the provider says that asking again does not help, then resume',
  },
  {
    behaviour: 'too many requests or tokens for now',
    matches: ({ status }) => status === 429,
    type: 'RateLimited',
  },
  {
    behaviour: 'the prompt was stopped by a content filter (Azure: 400 content_filter)',
    matches: ({ status, code }) => status === 400 && code === 'content_filter',
    type: 'InvalidRequest',
    drop: 'content-filter',
  },
  {
    behaviour:
      'a text that is longer than the server reads at once, whatever the status (llama.cpp: 500 "too large to process")',
    matches: ({ status, message }) => status !== null && /too large to process/i.test(message),
    type: 'InvalidRequest',
    drop: 'invalid-request',
  },
  {
    behaviour: 'it fails again and again while others are answered: this request is what breaks the provider',
    matches: (facts) =>
      facts.trouble.failures >= HOPELESS_TRIES &&
      facts.trouble.othersAnswered >= OTHERS_ANSWERED &&
      (isBroken(facts) || facts.source === 'malformed' || facts.source === 'connection'),
    type: 'InvalidRequest',
    drop: 'unanswered',
  },
  {
    behaviour:
      'a timeout, a conflict, too early (408, 409, 425), broken or overloaded (500, 502, 503, 504, 529), there or in a gateway',
    matches: isBroken,
    type: 'ProviderUnavailable',
  },
  {
    behaviour: 'a refusal that the provider wants to have again (x-should-retry: true)',
    matches: ({ source, headers, trouble }) =>
      source === 'http' && headers?.get('x-should-retry') === 'true' && trouble.failures < REFUSED_TRIES,
    type: 'ProviderUnavailable',
  },
  {
    behaviour:
      'any other refusal (400, 404, 413, 422) is about this request: the item is dropped and counted',
    matches: ({ source }) => source === 'http',
    type: 'InvalidRequest',
    drop: 'invalid-request',
  },
  {
    behaviour: 'no success is JSON, again and again: the base URL leads to something else',
    matches: ({ source, trouble }) =>
      source === 'malformed' && trouble.failures >= MALFORMED_TRIES && trouble.othersAnswered === 0,
    type: 'ProviderAccess',
    advice: 'check the base URL (it usually ends in /v1), then resume',
  },
  {
    behaviour: 'a success that is no JSON, or cut off: a page of some gateway, mostly for a moment',
    matches: ({ source }) => source === 'malformed',
    type: 'ProviderUnavailable',
  },
  {
    behaviour: 'no response: refused, reset, timed out, no such host. The package gives these no status',
    matches: () => true,
    type: 'ProviderUnavailable',
  },
];

/** A failed request, mapped. */
export interface MappedError {
  failure: ApplicationFailure;
  type: TeacherFailureType;
  /** How the item is counted when the failure is about this request alone; null for all other failures. */
  drop: Drop | null;
  /** One line for ledger and status, redacted. */
  reason: string;
}

/** Maps a failure to what Temporal shall do: try again after a while, drop the item, or stop and ask a person. */
export function mapError(facts: ErrorFacts, at: { nowMs: number; random: number }): MappedError {
  const row = errorTable.find(({ matches }) => matches(facts)) as Row;
  const said = redact(facts.message);
  const reason = facts.status === null ? said : `HTTP ${facts.status}: ${said}`;
  const message = row.advice ? `${reason} (${row.advice})` : reason;
  const retryable = row.type === 'RateLimited' || row.type === 'ProviderUnavailable';
  const failure = ApplicationFailure.create({
    message,
    type: row.type,
    nonRetryable: !retryable,
    ...(retryable && {
      nextRetryDelay: retryDelayMs({
        headers: facts.headers,
        cause: row.type === 'RateLimited' ? 'limit' : 'outage',
        attempt: facts.attempt,
        ...at,
      }),
    }),
    // Being told to wait is part of the job: it belongs in no failure metric.
    ...(row.type === 'RateLimited' && { category: ApplicationFailureCategory.BENIGN }),
  });
  return { failure, type: row.type, drop: row.drop ?? null, reason };
}
