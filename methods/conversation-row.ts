/**
 * Rows of instruction datasets as others publish them: Alpaca's, ShareGPT's and OpenAI's. One of each:
 *
 *     {"instruction": "Sort the words.", "input": "pear, fig", "output": "fig, pear"}
 *     {"conversations": [{"from": "human", "value": "Why is the sky blue?"}, {"from": "gpt", "value": "Because …"}]}
 *     {"messages": [{"role": "user", "content": "Why is the sky blue?"}, {"role": "assistant", "content": "Because …"}]}
 */
import { z } from 'zod';
import { cleanText } from './text.js';

export interface ConversationTurn {
  instruction: string;
  response: string;
}

interface Message {
  role: string;
  content: string;
}

const text = z.string().transform((value) => cleanText(value).trim());
const alpaca = z.object({ instruction: text, input: text.nullish(), output: text });
const shareGpt = z.object({ conversations: z.array(z.object({ from: z.string(), value: text })) });
const openAi = z.object({ messages: z.array(z.object({ role: z.string(), content: text })) });

const asking = new Set(['user', 'human']);
const answering = new Set(['assistant', 'gpt', 'chatgpt', 'bing', 'bard', 'model']);

/** The first of `allTurns`; null when there is none. */
export function firstTurn(row: Record<string, unknown>): ConversationTurn | null {
  return allTurns(row)[0] ?? null;
}

/**
 * Every question of a row with the answer to it; none when the row has none of these forms. Neighbouring messages of one side
 * are one message, with an empty line between them. Other roles (system, tool) are passed over, as are an answer that nobody
 * asked for, a question at the end that nobody answers, and a turn with an empty text.
 */
export function allTurns(row: Record<string, unknown>): ConversationTurn[] {
  return (alpacaTurn(row) ?? turnsOf(messagesOf(row))).filter(
    ({ instruction, response }) => instruction !== '' && response !== '',
  );
}

function alpacaTurn(row: Record<string, unknown>): ConversationTurn[] | null {
  // Asked first: a schema that fails takes ten times as long as one that fits.
  if (!('instruction' in row && 'output' in row)) return null;
  const read = alpaca.safeParse(row);
  if (!read.success) return null;
  const { instruction, input, output } = read.data;
  return [{ instruction: input ? `${instruction}\n\n${input}` : instruction, response: output }];
}

function messagesOf(row: Record<string, unknown>): Message[] {
  if ('conversations' in row) {
    const shared = shareGpt.safeParse(row);
    if (shared.success)
      return shared.data.conversations.map(({ from, value }) => ({ role: from, content: value }));
  }
  if (!('messages' in row)) return [];
  const chat = openAi.safeParse(row);
  return chat.success ? chat.data.messages : [];
}

function turnsOf(messages: readonly Message[]): ConversationTurn[] {
  const turns: { asked: string[]; answered: string[] }[] = [];
  for (const { role, content } of messages) {
    const turn = turns.at(-1);
    if (asking.has(role)) {
      if (turn && turn.answered.length === 0) turn.asked.push(content);
      else turns.push({ asked: [content], answered: [] });
    } else if (answering.has(role)) turn?.answered.push(content);
  }
  return turns.map(({ asked, answered }) => ({ instruction: joined(asked), response: joined(answered) }));
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n\n');
}
