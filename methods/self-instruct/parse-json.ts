/** JSON answers to Self-Instruct's chat prompts: what an item of each list is. How they are read: `methods/json-answer.ts`. */
import { z } from 'zod';
import type { Instance } from '../../activities/types.js';
import type { Found } from '../found.js';
import { type AnswerList, isMendedJson as isMended, listProblem, readItems, wants } from '../json-answer.js';
import { cleanText, oneLine } from '../text.js';
import { withoutNone } from './parse-instances.js';
import type { Task } from './parsed.js';

const instructionItem = z
  .union(
    [z.string(), z.object({ instruction: z.string() }).transform((item) => item.instruction)],
    wants('a text'),
  )
  .transform(oneLine)
  .refine((text) => text !== '', 'is empty');

/** A number or boolean is an output too: `{"input": "3 + 4", "output": 7}`. */
const content = z
  .union([z.string(), z.number(), z.boolean()], wants('a text'))
  .transform((value) => cleanText(String(value)).trim());
const input = content.nullish().transform((value) => withoutNone(value ?? ''));

const instanceItem = z.object({ input, output: content }, wants('an object'));
const taskItem = z.object({ instruction: instructionItem, input, output: content }, wants('an object'));

const lists = {
  instructions: { name: 'instructions', item: instructionItem, form: '{"instructions": ["…", "…"]}' },
  instances: {
    name: 'instances',
    item: instanceItem,
    form: '{"instances": [{"input": "…", "output": "…"}]}',
  },
  tasks: {
    name: 'tasks',
    item: taskItem,
    form: '{"tasks": [{"instruction": "…", "input": "…", "output": "…"}]}',
  },
} as const satisfies Record<string, AnswerList<unknown>>;

export type ListName = keyof typeof lists;

export function readJsonInstructions(text: string): Found<string>[] {
  return readItems(text, lists.instructions);
}

export function readJsonInstances(text: string): Found<Instance>[] {
  return readItems(text, lists.instances);
}

export function readJsonTasks(text: string): Found<Task>[] {
  return readItems(text, lists.tasks);
}

/** What is wrong with an answer that has no good item: words for the model that gave it. */
export function jsonProblem(text: string, name: ListName): string {
  return listProblem(text, lists[name]);
}

/** Whether a text has JSON that can be read only once it is mended: cut off, with a missing bracket or comma. */
export function isMendedJson(text: string): boolean {
  return isMended(text, Object.keys(lists));
}
