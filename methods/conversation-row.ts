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

const text = z.string().transform((value) => cleanText(value).trim());
const alpaca = z.object({ instruction: text, input: text.nullish(), output: text });
const shareGpt = z.object({ conversations: z.array(z.object({ from: z.string(), value: text })) });
const openAi = z.object({ messages: z.array(z.object({ role: z.string(), content: text })) });

const asking = new Set(['user', 'human']);
const answering = new Set(['assistant', 'gpt', 'chatgpt', 'bing', 'bard', 'model']);

/** The first question of a row and the answer to it; null when the row has none of these forms, or an empty text. */
export function firstTurn(row: Record<string, unknown>): ConversationTurn | null {
  const turn = alpacaTurn(row) ?? messagesTurn(row);
  return turn !== null && turn.instruction !== '' && turn.response !== '' ? turn : null;
}

function alpacaTurn(row: Record<string, unknown>): ConversationTurn | null {
  const read = alpaca.safeParse(row);
  if (!read.success) return null;
  const { instruction, input, output } = read.data;
  return { instruction: input ? `${instruction}\n\n${input}` : instruction, response: output };
}

function messagesTurn(row: Record<string, unknown>): ConversationTurn | null {
  const shared = shareGpt.safeParse(row);
  const chat = openAi.safeParse(row);
  const said = shared.success
    ? shared.data.conversations.map(({ from, value }) => ({ role: from, content: value }))
    : chat.success
      ? chat.data.messages
      : [];
  const asked = said.findIndex(({ role }) => asking.has(role));
  const question = said[asked];
  const answer = said[asked + 1];
  if (!question || !answer || !answering.has(answer.role)) return null;
  return { instruction: question.content, response: answer.content };
}
