/**
 * Templates for models that are asked in a chat (`/v1/chat/completions`), with a JSON Schema for endpoints that have
 * structured output. Self-Instruct (2022) has no such form: these are **ours**, and ask for the same things by the
 * same rules.
 */
import type { CallPhase } from '../../activities/types.js';
import { listOf, objectOf, textSchema as text } from '../answer-schema.js';
import type { Template } from '../prompt.js';

function chat(phase: CallPhase, kind: string, parts: Omit<Template, 'name' | 'phase' | 'form'>): Template {
  return { name: `self-instruct/${kind}.chat`, phase, form: 'chat', ...parts };
}

const authorRole = `You write tasks that teach a language model to follow instructions. The model reads and writes text only: no task may need a picture, a sound, a document that is not in the task, the web, or an act in the world.`;

export const chatTemplates = {
  instructions: chat('instructions', 'instructions', {
    system: authorRole,
    user: `Here are {{shown}} tasks that show the range we want:

{{list}}

Write {{count}} new tasks{{about}}{{language}}.
- Each must differ from the ones above and from one another in what it asks for, in its verb and in its form: questions and orders, open and closed tasks, everyday and expert ones, some that sort something into a few given classes.
- Each is one or two sentences and can be understood and answered without anything else, or says plainly what input it expects.
- Do not number them, do not answer them.

Answer with JSON: {"instructions": ["…", "…"]}`,
    schema: listOf('new_instructions', 'instructions', text),
  }),

  classify: chat('classify', 'classify', {
    system: null,
    user: `Is this a classification task, that is, one whose answer is always one of a few labels fixed beforehand?

Task: {{instruction}}

Answer with one word, Yes or No.`,
    schema: null,
  }),

  inputFirst: chat('instances', 'instances-input-first', {
    system: authorRole,
    user: `Write examples for this task{{language}}:

{{instruction}}

- An example is an input and the output that solves the task for this input, correct and complete.
- If the task is complete in itself, give one example with an empty input. Otherwise give up to {{count}} examples whose inputs differ in content, length and difficulty.
- Write real content, never a placeholder.

Answer with JSON: {"instances": [{"input": "…", "output": "…"}]}`,
    schema: listOf('instances', 'instances', objectOf({ input: text, output: text })),
  }),

  outputFirst: chat('instances', 'instances-output-first', {
    system: authorRole,
    user: `Write examples for this classification task{{language}}:

{{instruction}}

- First list for yourself the labels that the task allows; then write one example for each, at most {{count}}: first the label, word for word as the task gives it, then an input that clearly gets this label.
- No two inputs alike. Write real content, never a placeholder.

Answer with JSON, the label as "output": {"instances": [{"output": "…", "input": "…"}]}`,
    schema: listOf('labelled_instances', 'instances', objectOf({ output: text, input: text })),
  }),

  answers: chat('answers', 'answers', {
    system: null,
    user: `{{instruction}}{{input}}`,
    schema: null,
  }),

  tasks: chat('tasks', 'tasks', {
    system: authorRole,
    user: `Here are {{shown}} tasks with their inputs and outputs:

{{list}}

Write {{count}} new ones{{about}}{{language}}.
- Each must differ from the ones above and from one another in what it asks for, in its verb and in its form: questions and orders, open and closed tasks, everyday and expert ones.
- "instruction": one or two sentences. "input": the concrete text or data that the instruction speaks of, real content and at most about 100 words; an empty string when the instruction is complete without it. "output": the correct answer, at most about 100 words.

Answer with JSON: {"tasks": [{"instruction": "…", "input": "…", "output": "…"}]}`,
    schema: listOf('new_tasks', 'tasks', objectOf({ instruction: text, input: text, output: text })),
  }),
} as const;
