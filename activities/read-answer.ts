/** What counts as a usable answer in each phase; the one place where calls and candidates agree on it. */
import type { PromptForm } from '../methods/prompt.js';
import {
  parseAnswer,
  parseClassification,
  parseInstances,
  parseInstructions,
  parseTasks,
} from '../methods/self-instruct/parse.js';
import { jsonProblem } from '../methods/self-instruct/parse-json.js';
import type { Parsed, Task } from '../methods/self-instruct/parsed.js';
import type { AnswerFailure, CallPhase, Instance } from './types.js';

export interface AnswerText {
  text: string;
  truncated: boolean;
}

/** Items of an answer, in its order. In the answering phases an item is an instance without an instruction. */
export function readItems(options: {
  phase: CallPhase;
  form: PromptForm;
  answer: AnswerText;
  isClassification?: boolean | null;
}): Parsed<Task>[] {
  const { phase, form } = options;
  const answer = { ...options.answer, form };
  switch (phase) {
    case 'tasks':
      return parseTasks(answer);
    case 'instructions':
      return parseInstructions(answer).map((item) =>
        item.rejected ? item : { ...item, value: { instruction: item.value, input: '', output: '' } },
      );
    case 'instances':
      return parseInstances({ ...answer, isClassification: options.isClassification === true }).map((item) =>
        item.rejected ? item : { ...item, value: withoutInstruction(item.value) },
      );
    case 'answers':
      return parseAnswer(answer).map((item) =>
        item.rejected ? item : { ...item, value: withoutInstruction({ input: '', output: item.value }) },
      );
    case 'classify':
      return [];
  }
}

/** null: usable. An answer without a single good item has failed, and a fresh sample may be asked for. */
export function answerFailure(options: {
  phase: CallPhase;
  form: PromptForm;
  answer: AnswerText;
  isClassification?: boolean | null;
}): AnswerFailure | null {
  if (options.phase === 'classify') {
    return parseClassification({ ...options.answer, form: options.form }) === null ? 'unparsable' : null;
  }
  if (readItems(options).some((item) => item.rejected === null)) return null;
  return options.answer.truncated ? 'truncated' : 'unparsable';
}

/**
 * What is wrong with an answer in JSON that cannot be read, in words that its model can act on. Nothing of the answer is
 * in them: what a teacher wrote may look like an order to itself.
 */
export function answerProblem({ phase, text }: { phase: CallPhase; text: string }): string {
  if (phase === 'classify' || phase === 'answers') throw new Error(`${phase} is not answered in JSON`);
  return jsonProblem(text, phase);
}

function withoutInstruction(instance: Instance): Task {
  return { instruction: '', ...instance };
}
