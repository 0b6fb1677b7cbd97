import { input, select } from '@inquirer/prompts';
import { forTerminal } from '../terminal.js';
import { editText } from './edit-text.js';
import type { Choice, Desk } from './session.js';

/** A person at a terminal. Ctrl-C ends a question with `ExitPromptError`. */
export const terminalDesk: Desk = {
  say: (line) => void process.stdout.write(`${forTerminal(line)}\n`),
  choose: <Answer extends string>(message: string, answers: readonly Choice<Answer>[]) =>
    select<Answer>({ message, choices: answers, loop: false }),
  ask: (message) => input({ message }),
  edit: editText,
};

/** Whether a person has left in the middle of a question. */
export function hasLeft(error: unknown): boolean {
  return error instanceof Error && error.name === 'ExitPromptError';
}
