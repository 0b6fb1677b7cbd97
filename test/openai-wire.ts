/** Requests and answers of the OpenAI protocol, as far as `openai-server.ts` speaks it. */
import { createHash } from 'node:crypto';
import type { TokenLogprob } from '../methods/prompt.js';
import { logprobsOf } from './openai-logprobs.js';

/** What a script sees. */
export interface ScriptRequest {
  path: '/v1/completions' | '/v1/chat/completions' | '/v1/embeddings';
  model: string;
  /** The prompt, the last user message, or the first text whose vector is wanted. */
  prompt: string;
  messages: { role: string; content: string }[];
  /** Texts whose vectors are wanted; none for the other endpoints. */
  input: string[];
  /** The JSON Schema of `response_format`, if any. */
  schema: Record<string, unknown> | null;
  seed: number | null;
  /** 256 when the request does not say. */
  maxTokens: number;
  /** SHA-256 of the body, hex: the same for the same request. */
  hash: string;
  body: Record<string, unknown>;
}

export interface ScriptAnswer {
  text: string;
  /** `length` is set by itself when the text has more than `maxTokens`. */
  finishReason?: 'stop' | 'length' | 'content_filter';
  refusal?: string;
  /** What its first token might have been, the chosen one first; given where the request asks for logprobs. */
  firstToken?: TokenLogprob[];
  /** In place of a text: one for each of the request's. */
  vectors?: number[][];
  /** Counted when not given; null leaves it out of the answer. */
  usage?: BilledTokens | null;
}

export type Script = (request: ScriptRequest) => ScriptAnswer;

export interface BilledTokens {
  promptTokens: number;
  completionTokens: number;
  cachedPromptTokens?: number;
}

/** Throws when the body is not what an OpenAI client sends. */
export function readRequest(path: ScriptRequest['path'], body: Record<string, unknown>): ScriptRequest {
  const messages = (body.messages ?? []) as ScriptRequest['messages'];
  const format = body.response_format as { json_schema?: { schema: Record<string, unknown> } } | undefined;
  const input = path === '/v1/embeddings' ? ([body.input].flat() as string[]) : [];
  const prompts = {
    '/v1/completions': body.prompt,
    '/v1/chat/completions': messages.at(-1)?.content,
    '/v1/embeddings': input[0],
  };
  return {
    path,
    model: String(body.model),
    prompt: String(prompts[path]),
    messages,
    input,
    schema: format?.json_schema?.schema ?? null,
    seed: typeof body.seed === 'number' ? body.seed : null,
    maxTokens: Number(body.max_tokens ?? body.max_completion_tokens ?? 256),
    hash: createHash('sha256').update(JSON.stringify(body)).digest('hex'),
    body,
  };
}

/** Applies what a model's end applies: stop sequences and the token limit. */
export function finish(answer: ScriptAnswer, { body, maxTokens }: ScriptRequest): ScriptAnswer {
  const stops = [body.stop ?? []].flat() as string[];
  const cuts = stops.map((stop) => answer.text.indexOf(stop)).filter((at) => at >= 0);
  let text = cuts.length > 0 ? answer.text.slice(0, Math.min(...cuts)) : answer.text;
  let finishReason = answer.finishReason ?? 'stop';
  if (tokensOf(text) > maxTokens) {
    text = text.slice(0, maxTokens * 4);
    finishReason = 'length';
  }
  return { ...answer, text, finishReason };
}

/** Four characters a token, and four tokens around each message. */
export function countTokens(request: ScriptRequest, { text }: ScriptAnswer): BilledTokens {
  const { path, prompt, messages, input } = request;
  if (path === '/v1/embeddings') {
    return { promptTokens: input.reduce((sum, text) => sum + tokensOf(text), 0), completionTokens: 0 };
  }
  const promptTokens =
    path === '/v1/completions'
      ? tokensOf(prompt)
      : messages.reduce((sum, message) => sum + 4 + tokensOf(message.content), 0);
  return { promptTokens, completionTokens: tokensOf(text) };
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/** An answer as OpenAI words it. */
export function answerBody(options: {
  asked: ScriptRequest;
  answer: ScriptAnswer;
  id: string;
  billed: BilledTokens | null;
}): object {
  const { asked, answer, id, billed } = options;
  const { promptTokens = 0, completionTokens = 0, cachedPromptTokens } = billed ?? {};
  const usage = answer.usage !== null && {
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      ...(cachedPromptTokens !== undefined && {
        prompt_tokens_details: { cached_tokens: cachedPromptTokens },
      }),
    },
  };
  const common = { id, created: 0, model: asked.model, ...usage };
  if (asked.path === '/v1/embeddings') {
    const data = (answer.vectors ?? []).map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: asked.body.encoding_format === 'base64' ? base64Of(vector) : vector,
    }));
    // Vectors are no tokens: the protocol has no completion_tokens here.
    const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
    return { object: 'list', data, model: asked.model, ...(answer.usage !== null && { usage }) };
  }
  const logprobs = logprobsOf(asked, answer);
  if (asked.path === '/v1/completions') {
    const choice = { index: 0, text: answer.text, logprobs, finish_reason: answer.finishReason };
    return { ...common, object: 'text_completion', choices: [choice] };
  }
  const message = { role: 'assistant', content: answer.text, refusal: answer.refusal ?? null };
  return {
    ...common,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs, finish_reason: answer.finishReason }],
  };
}

function base64Of(vector: number[]): string {
  const bytes = Buffer.alloc(4 * vector.length);
  vector.forEach((value, at) => void bytes.writeFloatLE(value, 4 * at));
  return bytes.toString('base64');
}

/** An error as OpenAI words it. */
export function errorBody(message: string, code: string | null, extra: Record<string, unknown> = {}): object {
  return { error: { message, type: 'invalid_request_error', param: null, code, ...extra } };
}
