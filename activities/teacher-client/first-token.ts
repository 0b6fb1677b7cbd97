/** What a model might have said first, with how likely it was, as the servers of the protocol give it. */
import type { TokenLogprob } from '../../methods/prompt.js';
import { isObject } from './json-object.js';

/** More than any endpoint is asked for; longer texts are no tokens. */
const MOST_ALTERNATIVES = 256;
const MOST_TOKEN_CHARACTERS = 256;
/** In place of minus infinity, which JSON does not have; vLLM does the same. */
const LEAST_LOGPROB = -9999;
/** Rounding may lift a logprob above 0 by this much: what is higher is something else. */
const ROUNDING = 0.01;

/**
 * Alternatives of an answer's first token, likeliest first, the chosen one among them; undefined when the endpoint gave
 * none. Two may have the same text: special tokens are often shown as ''.
 */
export function readFirstToken(logprobs: unknown): TokenLogprob[] | undefined {
  if (!isObject(logprobs)) return undefined;
  const { chosen, others } = Array.isArray(logprobs.content)
    ? inContent(logprobs.content[0])
    : inColumns(logprobs);
  const tokens = others.slice(0, MOST_ALTERNATIVES).flatMap(readToken);
  for (const token of readToken(chosen)) {
    if (!tokens.some((known) => known.token === token.token)) tokens.push(token);
  }
  return tokens.length > 0 ? tokens.sort((a, b) => b.logprob - a.logprob) : undefined;
}

interface Given {
  chosen: unknown;
  others: unknown[];
}

/** `{content: [{token, logprob, top_logprobs: [{token, logprob}]}]}`: chats, and completions of llama.cpp. */
function inContent(first: unknown): Given {
  if (!isObject(first)) return { chosen: null, others: [] };
  return { chosen: first, others: Array.isArray(first.top_logprobs) ? first.top_logprobs : [] };
}

/** `{tokens: […], token_logprobs: […], top_logprobs: [{token: logprob}]}`: completions of OpenAI and vLLM. */
function inColumns({ tokens, token_logprobs, top_logprobs }: Record<string, unknown>): Given {
  const top = firstOf(top_logprobs);
  const others = isObject(top) ? Object.entries(top).map(([token, logprob]) => ({ token, logprob })) : [];
  return { chosen: { token: firstOf(tokens), logprob: firstOf(token_logprobs) }, others };
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

/** One or none. */
function readToken(given: unknown): TokenLogprob[] {
  if (!isObject(given)) return [];
  const { token, logprob } = given;
  if (typeof token !== 'string' || token.length > MOST_TOKEN_CHARACTERS) return [];
  if (typeof logprob !== 'number' || logprob > ROUNDING) return [];
  return [{ token, logprob: Math.min(0, Math.max(LEAST_LOGPROB, logprob)) }];
}
