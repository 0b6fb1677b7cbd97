import { oneLine } from '../../methods/text.js';
import type { Usage } from '../../store/pricing.js';
import type { TeacherAnswer } from '../../store/response-store.js';
import { isObject } from './json-object.js';

/** Reads the body of a successful response. Returns null when it is not what the protocol says. */
export function readResponse(options: {
  body: unknown;
  /** Model that was asked for, where the response does not name one. */
  model: string;
  requestId: string | null;
}): TeacherAnswer | null {
  const { body, requestId } = options;
  if (!isObject(body) || !Array.isArray(body.choices)) return null;
  const model = label(body.model) ?? options.model;
  const common = { usage: readUsage(body.usage), model, requestId };
  const choice: unknown = body.choices[0];
  if (!isObject(choice)) return { ...common, kind: 'empty', text: '', finishReason: null };
  const message = isObject(choice.message) ? choice.message : {};
  const finishReason = label(choice.finish_reason);
  if (typeof message.refusal === 'string' && message.refusal !== '') {
    return { ...common, kind: 'refused', text: message.refusal, finishReason };
  }
  const content = textOf(choice.text ?? message.content);
  const text = content ?? '';
  const kind =
    finishReason === 'content_filter'
      ? 'content-filter'
      : finishReason === 'length'
        ? 'truncated'
        : content === null
          ? 'empty'
          : 'text';
  return { ...common, kind, text, finishReason };
}

/** Tokens as the protocol counts them; null when it does not say. */
export function readUsage(usage: unknown): Usage | null {
  if (!isObject(usage)) return null;
  const promptTokens = tokens(usage.prompt_tokens);
  const completionTokens = tokens(usage.completion_tokens);
  if (promptTokens === null || completionTokens === null) return null;
  const details = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  const cached = tokens(details.cached_tokens) ?? 0;
  return { promptTokens, cachedPromptTokens: Math.min(cached, promptTokens), completionTokens };
}

/** More tokens than any request has: what says more counts nothing. */
const MOST_TOKENS = 100_000_000;

function tokens(value: unknown): number | null {
  const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_TOKENS;
  return isCount ? value : null;
}

/** Some endpoints give a list of parts (Mistral's reasoning models), of which those with text are the answer. */
function textOf(content: unknown): string | null {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return null;
  const parts = content.flatMap((part) =>
    isObject(part) && typeof part.text === 'string' ? [part.text] : [],
  );
  return parts.length > 0 ? parts.join('') : null;
}

const MOST_LABEL_CHARACTERS = 200;

/** A name that goes into every row about the call; null for what is none. */
function label(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= MOST_LABEL_CHARACTERS
    ? oneLine(value)
    : null;
}
