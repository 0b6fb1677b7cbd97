/** Builds the prompt of every Self-Instruct call from its template and the tasks it shows. */
import type { Instance } from '../../activities/types.js';
import { fillSlots, type Prompt, type PromptForm, type Template, templateHash } from '../prompt.js';
import { about, inLanguage, type RecipeWords, systemText } from '../prompt-options.js';
import { cleanText, oneLine } from '../text.js';
import {
  ANSWERS_SAMPLING,
  CLASSIFY_SAMPLING,
  INSTANCES_SAMPLING,
  INSTRUCTIONS_SAMPLING,
  TASKS_SAMPLING,
} from './sampling.js';
import { chatTemplates } from './templates-chat.js';
import { completionTemplates } from './templates-completion.js';

/** Self-Instruct: with 8 instructions shown the list stops before the 16th, so a call writes at most 7 new ones. */
export const NEW_INSTRUCTIONS = 7;
/** Self-Instruct: at most 5 instances of one instruction. */
export const MAX_INSTANCES = 5;
/** Alpaca: the one-call list stops at its 20th task. */
export const ONE_CALL_LIST_END = 20;

export interface PromptOptions extends RecipeWords {
  form: PromptForm;
}

interface Filling {
  templates: Record<PromptForm, Template>;
  slots: Record<string, string>;
  sampling: Omit<Prompt['sampling'], 'stop'>;
  /** Only for the completion form; a chat answer ends by itself. */
  stop: string[];
  options: PromptOptions;
}

function fill({ templates, slots, sampling, stop, options }: Filling): Prompt {
  const template = templates[options.form];
  const preamble = systemText(options, null);
  const user = fillSlots(template.user, {
    ...slots,
    about: about(options),
    language: inLanguage(options),
    preamble: preamble === '' ? '' : `${preamble}\n\n`,
  });
  const common = { template: template.name, templateHash: templateHash(template) };
  if (options.form === 'completion') {
    return { ...common, body: { form: 'completion', prompt: user }, sampling: { ...sampling, stop } };
  }
  const system = systemText(options, template.system);
  return {
    ...common,
    body: {
      form: 'chat',
      messages: [
        ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
        { role: 'user', content: user },
      ],
      schema: template.schema,
    },
    sampling: { ...sampling, stop: [] },
  };
}

/**
 * Asks for new instructions after the shown ones (`staged`). The completion form is a plain list that the teacher
 * continues at shown + 1 and that stops after 7 more.
 */
export function instructionsPrompt(input: {
  instructions: readonly string[];
  options: PromptOptions;
}): Prompt {
  const { options } = input;
  const shown = input.instructions.map(listItem);
  const next = shown.length + 1;
  return fill({
    templates: { completion: completionTemplates.instructions, chat: chatTemplates.instructions },
    slots: {
      heading:
        options.domain || options.language ? `Different tasks${about(options)}${inLanguage(options)}:\n` : '',
      list: shown.map((item, i) => `Task ${i + 1}: ${item}`).join('\n'),
      next: String(next),
      shown: String(shown.length),
      count: String(NEW_INSTRUCTIONS),
    },
    sampling: INSTRUCTIONS_SAMPLING,
    stop: ['\n\n', `\nTask ${next + NEW_INSTRUCTIONS}:`],
    options,
  });
}

/** Asks whether an instruction is a classification task with a few fixed labels. */
export function classifyPrompt(input: { instruction: string; options: PromptOptions }): Prompt {
  return fill({
    templates: { completion: completionTemplates.classify, chat: chatTemplates.classify },
    slots: { instruction: oneLine(input.instruction) },
    sampling: CLASSIFY_SAMPLING,
    stop: ['\n', 'Task'],
    options: input.options,
  });
}

/** Asks for up to 5 instances of an instruction: output first for classification, input first otherwise. */
export function instancesPrompt(input: {
  instruction: string;
  isClassification: boolean;
  options: PromptOptions;
}): Prompt {
  const order = input.isClassification ? 'outputFirst' : 'inputFirst';
  return fill({
    templates: { completion: completionTemplates[order], chat: chatTemplates[order] },
    slots: { instruction: oneLine(input.instruction), count: String(MAX_INSTANCES) },
    sampling: { ...INSTANCES_SAMPLING, maxTokens: INSTANCES_SAMPLING.maxTokens[order] },
    stop: [`Example ${MAX_INSTANCES + 1}`, 'Task:'],
    options: input.options,
  });
}

/** **Ours** (phase `answers`): puts the instruction, and its input if it has one, to the teacher as they are. */
export function answerPrompt(input: {
  instruction: string;
  input?: string | undefined;
  options: PromptOptions;
}): Prompt {
  const given = cleanText(input.input ?? '').trim();
  const chat = input.options.form === 'chat';
  return fill({
    templates: { completion: completionTemplates.answers, chat: chatTemplates.answers },
    slots: {
      instruction: chat ? cleanText(input.instruction).trim() : oneLine(input.instruction),
      input: given === '' ? '' : chat ? `\n\n${given}` : `Input: ${unmarked(given)}\n`,
    },
    sampling: ANSWERS_SAMPLING,
    // The worked answers are one paragraph each, and what a small model writes after its first is rarely an answer.
    stop: ['\n\n', '\nTask:'],
    options: input.options,
  });
}

/**
 * Asks for whole tasks after the shown ones (`one-call`): a list that the teacher continues, from 4 after 3 shown
 * tasks, and that stops at 20.
 */
export function tasksPrompt(input: {
  tasks: readonly ({ instruction: string } & Instance)[];
  options: PromptOptions;
}): Prompt {
  const next = input.tasks.length + 1;
  return fill({
    templates: { completion: completionTemplates.tasks, chat: chatTemplates.tasks },
    slots: {
      list:
        input.options.form === 'chat'
          ? input.tasks.map(taskAsJson).join('\n')
          : input.tasks.map((task, i) => taskAsText(task, i + 1)).join('\n'),
      next: String(next),
      shown: String(input.tasks.length),
      count: String(ONE_CALL_LIST_END - next),
    },
    sampling: TASKS_SAMPLING,
    stop: [`\n${ONE_CALL_LIST_END}.`],
    options: input.options,
  });
}

/** One line without a colon at its end, as the authors' code does: a colon would invite an answer, not the next item. */
function listItem(instruction: string): string {
  return oneLine(instruction).replace(/[\s:]+$/, '');
}

function taskAsText(task: { instruction: string } & Instance, number: number): string {
  const input = unmarked(task.input);
  return [
    '###',
    `${number}. Instruction: ${listItem(task.instruction)}`,
    `${number}. Input:\n${input === '' ? '<noinput>' : input}`,
    `${number}. Output:\n${unmarked(task.output)}`,
  ].join('\n');
}

function taskAsJson({ instruction, input, output }: { instruction: string } & Instance): string {
  return JSON.stringify({
    instruction: oneLine(instruction),
    input: cleanText(input).trim(),
    output: cleanText(output).trim(),
  });
}

/** Text of several lines without anything that a completion prompt's own marks could be taken for. */
function unmarked(text: string): string {
  return cleanText(text)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .map((line) =>
      line
        .replaceAll('###', '# # #')
        .replace(/^(\s*)(\d+)\s?\.(?=\s*(?:Instruction|Input|Output)\s*:)/i, '$1$2)')
        .replace(/^(\s*)(Task|Example|Answer|Input|Output|Class label)(?=\s*\d*\s*:)/i, '$1- $2'),
    )
    .join('\n');
}
