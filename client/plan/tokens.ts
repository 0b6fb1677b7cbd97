/** Tokens of prompts before anybody has answered one. */
import type { PromptBody } from '../../methods/prompt.js';
import { sum } from './expect.js';

export type CountTokens = (text: string) => number;

/** What chat endpoints put around a message, and before the answer (OpenAI's own account of its models). */
const aroundMessage = 4;
const beforeAnswer = 3;

/** Counts with OpenAI's `o200k_base`. Other models count some more or fewer. */
export async function tokenCounter(): Promise<CountTokens> {
  // Loaded only when it is needed: its table takes a fifth of a second.
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  // A name like <|endoftext|> in a text is text.
  const asText = { disallowedSpecial: new Set<string>() };
  return (text) => countTokens(text, asText);
}

export function promptTokens(body: PromptBody, count: CountTokens): number {
  if (body.form === 'completion') return count(body.prompt);
  if (body.form === 'embedding') return sum(body.input.map(count));
  const messages = body.messages.map(({ content }) => count(content) + aroundMessage);
  return sum(messages) + beforeAnswer + (body.schema ? count(JSON.stringify(body.schema.schema)) : 0);
}

/** Mean tokens of some prompts. */
export function meanPromptTokens(bodies: readonly PromptBody[], count: CountTokens): number {
  return sum(bodies.map((body) => promptTokens(body, count))) / Math.max(1, bodies.length);
}
