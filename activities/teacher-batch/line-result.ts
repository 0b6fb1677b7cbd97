/** What a line of a batch's files means for the request that it is about. */
import { costUsd, type Price, type Usage } from '../../store/pricing.js';
import type { Outcome } from '../../store/ledger.js';
import type { TeacherAnswer } from '../../store/response-store.js';
import type { BatchLine } from '../teacher-client/batch-lines.js';
import { readErrorValue } from '../teacher-client/error-body.js';
import { mapError } from '../teacher-client/error-map.js';
import { isObject } from '../teacher-client/json-object.js';
import type { OptionalParameter, Parameters } from '../teacher-client/parameters.js';
import { readResponse, readUsage } from '../teacher-client/read-response.js';
import type { BatchTrouble } from '../types.js';

export type LineResult =
  | { kind: 'answer'; answer: TeacherAnswer; status: number }
  | {
      kind: 'failure';
      outcome: Pick<Outcome, 'kind' | 'status' | 'reason' | 'usage' | 'costUsd' | 'bill' | 'requestId'>;
      /** The call is a step further: dropped for good, or asked otherwise the next time. */
      isStep: boolean;
      /** null: nobody has to know. */
      trouble: BatchTrouble['kind'] | null;
      refusedParameter: OptionalParameter | null;
    };

/** A request of the file. */
export interface AskedRequest {
  model: string;
  price: Price | null;
  /** JSON, as it was sent. */
  request: Buffer;
}

export function readLineResult(
  line: Exclude<BatchLine, { kind: 'unreadable' }>,
  { model, price, request }: AskedRequest,
  parameters: Parameters,
): LineResult {
  if (line.kind === 'too-large') {
    const answer = {
      kind: 'too-large',
      text: '',
      finishReason: null,
      usage: null,
      model,
      requestId: null,
    } as const;
    return { kind: 'answer', answer, status: 200 };
  }
  if (line.kind === 'error') return unanswered(`${line.code}: ${line.message}`);
  const { status, body, requestId } = line;
  if (status >= 200 && status < 300) {
    const answer = readResponse({ body, model, requestId });
    return answer ? { kind: 'answer', answer, status } : lost('the answer has no choices', status);
  }
  const { message, code, type: errorType, param } = readErrorValue(body);
  const facts = {
    source: 'http' as const,
    status,
    headers: undefined,
    code,
    errorType,
    param,
    message,
    attempt: 1,
    trouble: { failures: 1, othersAnswered: 0 },
  };
  const { type, drop, reason } = mapError(facts, { nowMs: 0, random: 0 });
  const refusedParameter = parameters.learn({
    status,
    param,
    message,
    sent: bodyOf(request),
  });
  const isDropped = drop !== null && drop !== 'unanswered' && refusedParameter === null;
  return {
    kind: 'failure',
    outcome: {
      kind: isDropped ? drop : 'failed',
      status,
      reason,
      ...billOf(isObject(body) ? readUsage(body.usage) : null, price),
      requestId,
    },
    isStep: isDropped || refusedParameter !== null,
    trouble: isDropped || refusedParameter ? null : type === 'ProviderAccess' ? 'access' : 'requests',
    refusedParameter,
  };
}

/** The provider never came to it: expired, cancelled, or refused with the whole file. Nothing is billed for it. */
export function unanswered(reason: string): LineResult & { kind: 'failure' } {
  const outcome = { kind: 'failed', status: null, reason, ...billOf(null, null), requestId: null } as const;
  return { kind: 'failure', outcome, isStep: false, trouble: 'requests', refusedParameter: null };
}

/** It may have been answered, and billed, but nobody will ever see it. */
export function lost(reason: string, status: number | null = null): LineResult & { kind: 'failure' } {
  const bill = { usage: null, costUsd: null, bill: 'unknown' } as const;
  const outcome = { kind: 'failed', status, reason, ...bill, requestId: null } as const;
  return { kind: 'failure', outcome, isStep: false, trouble: 'requests', refusedParameter: null };
}

/** Only answers are billed; a failure that says what it used has been one. */
function billOf(usage: Usage | null, price: Price | null): Pick<Outcome, 'usage' | 'costUsd' | 'bill'> {
  return { usage, costUsd: usage ? costUsd(usage, price) : 0, bill: 'known' };
}

function bodyOf(request: Buffer): Record<string, unknown> {
  return (JSON.parse(request.toString('utf8')) as { body: Record<string, unknown> }).body;
}
