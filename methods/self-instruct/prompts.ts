/** Builds the prompt of every Self-Instruct call from its template and the tasks it shows. */
import type { Instance } from '../../activities/types.js';
import type { Prompt, PromptForm } from '../prompt.js';

export interface PromptOptions {
  form: PromptForm;
  /** What the tasks shall be about, for example `veterinary medicine`. */
  domain?: string;
  /** Name of the language the tasks shall be written in; English when absent. */
  language?: string;
  /** Put before everything else: the chat's system message, or the completion's first paragraph. */
  system?: string;
}

/** Asks for new instructions after the shown ones (`staged`). Items continue the list at shown + 1. */
export function instructionsPrompt(input: {
  instructions: readonly string[];
  options: PromptOptions;
}): Prompt {
  throw new Error(`not written yet ${typeof input}`);
}

/** Asks whether an instruction is a classification task with a few fixed labels. */
export function classifyPrompt(input: { instruction: string; options: PromptOptions }): Prompt {
  throw new Error(`not written yet ${typeof input}`);
}

/** Asks for up to 5 instances of an instruction: output first for classification, input first otherwise. */
export function instancesPrompt(input: {
  instruction: string;
  isClassification: boolean;
  options: PromptOptions;
}): Prompt {
  throw new Error(`not written yet ${typeof input}`);
}

/** **Ours**: puts the instruction (and input, if any) to the teacher as it is. */
export function answerPrompt(input: { instruction: string; input?: string; options: PromptOptions }): Prompt {
  throw new Error(`not written yet ${typeof input}`);
}

/** Asks for whole tasks (instruction, input, output) after the shown ones (`one-call`). */
export function tasksPrompt(input: {
  tasks: readonly ({ instruction: string } & Instance)[];
  options: PromptOptions;
}): Prompt {
  throw new Error(`not written yet ${typeof input}`);
}
