/** What an endpoint says when it refuses, in the words of OpenAI and of those who word it otherwise. */
import { oneLine } from '../../methods/text.js';
import { isObject } from './json-object.js';

export interface SaidError {
  message: string;
  /** As text; '' where the endpoint gives none. */
  code: string;
  type: string;
  param: string | null;
}

/**
 * Reads `{"error": {"message", "code", "type", "param"}}` (OpenAI), the same without its outer object (older vLLM,
 * Mistral), `{"error": "…"}` (Ollama, TGI), `{"detail": …}` (FastAPI), a web page, or plain text.
 */
export function readErrorBody(text: string): SaidError {
  const body = jsonObject(text);
  return body ? readError(body, text) : { message: plainWords(text), code: '', type: '', param: null };
}

/** The same of a body that was read already, as the lines of a batch's files have it. */
export function readErrorValue(body: unknown): SaidError {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? null);
  return isObject(body) ? readError(body, text) : readErrorBody(text);
}

function readError(body: Record<string, unknown>, text: string): SaidError {
  const error = isObject(body.error) ? body.error : body;
  const words = [error.message, body.error, body.detail].find((value) => typeof value === 'string');
  return {
    message: typeof words === 'string' && words.trim() !== '' ? words : text,
    code: codeOf(error.code),
    type: codeOf(error.type),
    param: typeof error.param === 'string' ? error.param : null,
  };
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : null;
  } catch {
    return null;
  }
}

function codeOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Of a web page its title: the rest is for browsers. */
function plainWords(text: string): string {
  if (text.trim() === '') return 'no message';
  if (!/^\s*<(?:!doctype|html)/i.test(text)) return text;
  const title = oneLine(/<title[^>]{0,99}>([^<]{1,999})/i.exec(text)?.[1] ?? '');
  return title === '' ? 'a web page' : `a web page, "${title}"`;
}
