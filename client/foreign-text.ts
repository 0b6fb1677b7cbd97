/** Prompts, answers and verdicts on a terminal: a teacher's text, without escapes and control characters. */
import type { Verdict } from '../activities/types.js';
import type { PromptBody } from '../methods/prompt.js';
import { cleanText, excerpt } from '../methods/text.js';

export function verdictInWords(verdict: Verdict): string {
  if (verdict.state !== 'rejected') return verdict.state;
  return `rejected: ${verdict.reason}${verdict.detail ? ` (${excerpt(verdict.detail)})` : ''}`;
}

export function promptText(body: PromptBody): string {
  switch (body.form) {
    case 'completion':
      return body.prompt;
    case 'chat':
      return body.messages.map(({ role, content }) => `${role}: ${content}`).join('\n');
    case 'embedding':
      return body.input.join('\n');
  }
}

/** A text below its name, each line behind a bar: no line of it can pass for one of ours. */
export function quoted(name: string, text: string): string[] {
  return [
    `${name}:`,
    ...cleanText(text)
      .split('\n')
      .map((line) => `  │ ${line}`),
  ];
}
