/**
 * What the teacher of `npm run bench -- chaos` answers, and what goes wrong with it. Answers, bad ones among them,
 * depend on the request alone, so that two runs see the same ones and make the same dataset. What goes wrong on the way
 * depends on how often the request has come: it may meet a run where it likes, and a retry gets through.
 */
import { seededRandom } from '../../methods/random.js';
import type { Fault, FaultRule, Script, ScriptAnswer, ScriptRequest } from '../../test/openai-server.js';
import { countTokens, finish } from '../../test/openai-wire.js';
import { scriptedTeacher } from '../../test/scripted-teacher.js';

/** Of all requests. */
const shares = { rateLimited: 0.05, serverError: 0.03, reset: 0.02 };
/** Of all answers. */
const malformedShare = 0.05;

const write = scriptedTeacher();

export const answer: Script = (request) => {
  const random = seededRandom('chaos answer', request.hash);
  const good = write(request);
  const said = isMalformed(request) ? malform(good, random.int(6)) : good;
  // A gateway that leaves the usage out, and a provider that had part of the prompt in its cache.
  if (random.next() < 0.01) return { ...said, usage: null };
  const billed = countTokens(request, finish(said, request));
  const cachedPromptTokens = random.next() < 0.3 ? random.int(billed.promptTokens + 1) : 0;
  return { ...said, usage: { ...billed, cachedPromptTokens } };
};

/** Whether the answer to this request is a bad one. */
export function isMalformed({ hash }: Pick<ScriptRequest, 'hash'>): boolean {
  return seededRandom('chaos malformed', hash).next() < malformedShare;
}

function malform({ text }: ScriptAnswer, kind: number): ScriptAnswer {
  switch (kind) {
    case 0:
      return { text: '' };
    case 1:
      return { text: 'Certainly! Here is what you asked for:' };
    case 2:
      return { text: text.slice(0, Math.ceil(text.length * 0.6)) };
    case 3:
      return { text: text.slice(0, Math.ceil(text.length * 0.3)), finishReason: 'length' };
    case 4:
      return { text: '{"instructions": "seven of them", "tasks": 7' };
    default:
      return { text: '', refusal: 'I cannot help with that.' };
  }
}

export const fault: FaultRule = ({ hash }: ScriptRequest, { repeat }): Fault | undefined => {
  const random = seededRandom('chaos fault', hash, repeat);
  let at = random.next();
  if (at < shares.rateLimited) {
    return {
      status: 429,
      headers: random.next() < 0.5 ? { 'retry-after': '1' } : { 'retry-after-ms': '300' },
    };
  }
  at -= shares.rateLimited;
  if (at < shares.serverError) return { status: [500, 502, 503, 504][random.int(4)] as number };
  at -= shares.serverError;
  if (at < shares.reset) return { reset: random.next() < 0.5 ? 'before' : 'middle' };
  return undefined;
};
