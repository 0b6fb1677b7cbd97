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
  const model = typeof body.model === 'string' ? body.model : options.model;
  const common = { usage: readUsage(body.usage), model, requestId };
  const choice: unknown = body.choices[0];
  if (!isObject(choice)) return { ...common, kind: 'empty', text: '', finishReason: null };
  const message = isObject(choice.message) ? choice.message : {};
  const finishReason = typeof choice.finish_reason === 'string' ? choice.finish_reason : null;
  if (typeof message.refusal === 'string' && message.refusal !== '') {
    return { ...common, kind: 'refused', text: message.refusal, finishReason };
  }
  const content = choice.text ?? message.content;
  const text = typeof content === 'string' ? content : '';
  const kind =
    finishReason === 'content_filter'
      ? 'content-filter'
      : finishReason === 'length'
        ? 'truncated'
        : typeof content === 'string'
          ? 'text'
          : 'empty';
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

function tokens(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
