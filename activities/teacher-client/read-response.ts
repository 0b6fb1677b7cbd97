import { encodeVectors } from '../../methods/embedding.js';
import { oneLine } from '../../methods/text.js';
import type { Usage } from '../../store/pricing.js';
import type { TeacherAnswer } from '../../store/response-store.js';
import { readFirstToken } from './first-token.js';
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
  const firstToken = readFirstToken(choice.logprobs);
  return { ...common, kind, text, finishReason, ...(firstToken && { firstToken }) };
}

/**
 * Reads the body of a successful response to a request for vectors, into the text that `decodeVectors` reads. Returns
 * null when it is not what the protocol says; vectors that are not those of the texts are an `empty` answer.
 */
export function readVectors(options: {
  body: unknown;
  /** Texts that were sent. */
  texts: number;
  /** Model that was asked for, where the response does not name one. */
  model: string;
  requestId: string | null;
}): TeacherAnswer | null {
  const { body, texts, requestId } = options;
  if (!isObject(body) || !Array.isArray(body.data)) return null;
  const usage = isObject(body.usage) ? readUsage({ ...body.usage, completion_tokens: 0 }) : null;
  const common = { finishReason: null, usage, model: label(body.model) ?? options.model, requestId };
  try {
    return { ...common, kind: 'text', text: encodeVectors(vectorsOf(body.data, texts)) };
  } catch (error) {
    return { ...common, kind: 'empty', text: (error as Error).message };
  }
}

/** The vectors in the order of their texts. @throws Error that says what is wrong with them. */
function vectorsOf(data: unknown[], texts: number): Float32Array[] {
  if (data.length !== texts) throw new Error(`${data.length} vectors for ${texts} texts`);
  const vectors = new Map<unknown, Float32Array>();
  data.forEach((item, at) => {
    if (!isObject(item)) throw new Error(`item ${at} is no object`);
    // Some endpoints leave the index out; then it is the place.
    vectors.set(item.index ?? at, numbersOf(item.embedding, at));
  });
  return Array.from({ length: texts }, (_, index) => {
    const vector = vectors.get(index);
    if (!vector) throw new Error(`no vector has the index ${index}`);
    return vector;
  });
}

function numbersOf(embedding: unknown, at: number): Float32Array {
  if (typeof embedding === 'string') {
    const bytes = Buffer.from(embedding, 'base64');
    if (bytes.length % 4 !== 0) throw new Error(`item ${at} has ${bytes.length} bytes, which are no float32`);
    return Float32Array.from({ length: bytes.length / 4 }, (_, place) => bytes.readFloatLE(place * 4));
  }
  if (!Array.isArray(embedding) || !embedding.every((value) => typeof value === 'number')) {
    throw new Error(`item ${at} has no list of numbers`);
  }
  return Float32Array.from(embedding);
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
