/** Logprobs as the scripted teacher gives and refuses them. */
import type { TokenLogprob } from '../methods/prompt.js';
import { errorBody, type ScriptAnswer, type ScriptRequest } from './openai-wire.js';

/** How many alternatives of each token a request wants; 0: no logprobs. */
export function askedLogprobs({ path, body }: ScriptRequest): number {
  return Number((path === '/v1/completions' ? body.logprobs : body.logprobs && body.top_logprobs) ?? 0);
}

/** `choices[0].logprobs`, as each of the two endpoints of OpenAI words it; the script's first token is the chosen one. */
export function logprobsOf(asked: ScriptRequest, { firstToken }: ScriptAnswer): object | null {
  const [chosen] = firstToken ?? [];
  const most = askedLogprobs(asked);
  if (!chosen || most === 0) return null;
  const top = [...(firstToken as TokenLogprob[])].sort((a, b) => b.logprob - a.logprob).slice(0, most);
  if (asked.path === '/v1/completions') {
    return {
      tokens: [chosen.token],
      token_logprobs: [chosen.logprob],
      top_logprobs: [Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))],
      text_offset: [0],
    };
  }
  const withBytes = (one: TokenLogprob) => ({ ...one, bytes: [...Buffer.from(one.token)] });
  return { content: [{ ...withBytes(chosen), top_logprobs: top.map(withBytes) }], refusal: null };
}

/** A fault, of a request or of a batch's line: more alternatives than these are refused, as OpenAI words it. */
export function logprobsUpTo(most: number) {
  return (asked: ScriptRequest): { status: number; body: object } | undefined => {
    if (askedLogprobs(asked) <= most) return undefined;
    const param = asked.path === '/v1/completions' ? 'logprobs' : 'top_logprobs';
    const message = `Invalid value for '${param}': must be less than or equal to ${most}.`;
    return most === 0
      ? { status: 403, body: errorBody('You are not allowed to request logprobs from this model', null) }
      : { status: 400, body: errorBody(message, null, { param }) };
  };
}
