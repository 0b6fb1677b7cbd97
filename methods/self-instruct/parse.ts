/** Reads a teacher's answers: text in, items with their positions out. Nothing here throws on any text. */
import type { Instance } from '../../activities/types.js';
import type { PromptForm } from '../prompt.js';

export interface Answer {
  text: string;
  /** The endpoint stopped at max_tokens (finish reason `length`). */
  truncated: boolean;
  /** The form of the prompt it answers. */
  form: PromptForm;
}

/** One item of an answer: what it says, or why it is none. Positions count from 0 over both kinds. */
export type Parsed<T> =
  | { position: number; value: T; rejected: null }
  | { position: number; value: null; rejected: { reason: 'unparsable' | 'truncated'; detail: string } };

export interface Task extends Instance {
  instruction: string;
}

/** New instructions of a `staged` list. An empty list means the call has no candidate at all. */
export function parseInstructions(answer: Answer): Parsed<string>[] {
  throw new Error(`not written yet ${typeof answer}`);
}

/** Whether the instruction is a classification task; null when the answer says neither. */
export function parseClassification(answer: Answer): boolean | null {
  throw new Error(`not written yet ${typeof answer}`);
}

/** Instances of one instruction. */
export function parseInstances(answer: Answer & { isClassification: boolean }): Parsed<Instance>[] {
  throw new Error(`not written yet ${typeof answer}`);
}

/** The answer to one instruction (phase `answers`): one item, or none for an empty text. */
export function parseAnswer(answer: Answer): Parsed<string>[] {
  throw new Error(`not written yet ${typeof answer}`);
}

/** New tasks of a `one-call` list. */
export function parseTasks(answer: Answer): Parsed<Task>[] {
  throw new Error(`not written yet ${typeof answer}`);
}
