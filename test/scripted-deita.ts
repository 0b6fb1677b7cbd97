/** Scorers for `openai-server.ts`, made from the request alone. */
import { createHash } from 'node:crypto';
import type { Script, ScriptRequest } from './openai-server.js';

/**
 * Says a digit from 1 to 6, the same for the same prompt, and that it was `certainty` sure of it; the rest lies on a
 * neighbour. A prompt with `vague` in it has most of its mass on a word; one with `mute` gets no number at all.
 */
export function scriptedScorer({ certainty = 0.8 }: { certainty?: number } = {}): Script {
  return ({ prompt }: ScriptRequest) => {
    const digit = digitOf(prompt);
    const other = digit === 6 ? 5 : digit + 1;
    if (prompt.includes('mute')) return { text: 'Hm' };
    const mass = prompt.includes('vague') ? 0.5 : 1;
    return {
      text: String(digit),
      firstToken: [
        { token: String(digit), logprob: Math.log(certainty * mass) },
        { token: ` ${other}`, logprob: Math.log((1 - certainty) * mass) },
        ...(mass < 1 ? [{ token: 'The', logprob: Math.log(1 - mass) }] : []),
      ],
    };
  };
}

/** What `scriptedScorer` says of a prompt. */
export function digitOf(prompt: string): number {
  return ((createHash('sha256').update(prompt).digest()[0] as number) % 6) + 1;
}

/** `script` for what generates, `scriptedScorer` for what asks for logprobs. */
export function withScores(script: Script): Script {
  const scorer = scriptedScorer();
  return (request) => (request.body.logprobs === undefined ? script(request) : scorer(request));
}
