/**
 * JSON answers of chat endpoints, read tolerantly: with or without structured output, in a Markdown fence, with talk
 * around it, or cut off. Item by item, so that one bad item costs only itself.
 *
 *     ```json
 *     {"instructions": ["Explain tides to a ten-year-old.", "Sort these words by length."]}
 *     ```
 */
import { jsonrepair } from 'jsonrepair';
import { z } from 'zod';
import type { Instance } from '../../activities/types.js';
import { cleanText, excerpt, kindOf, oneLine } from '../text.js';
import type { Found, Task } from './parsed.js';
import { withoutNone } from './parse-instances.js';

/** Words for what stands where something else was wanted; they reach a model that is asked to correct its answer. */
const wants = (wanted: string) => ({
  error: ({ input }: { input?: unknown }) =>
    input === undefined ? 'is missing' : `is ${kindOf(input)}, not ${wanted}`,
});

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

/** Each list that a prompt asks for: what one of its items is, and the form that the prompt shows. */
const lists = {
  instructions: { item: instructionItem, form: '{"instructions": ["…", "…"]}' },
  instances: { item: instanceItem, form: '{"instances": [{"input": "…", "output": "…"}]}' },
  tasks: { item: taskItem, form: '{"tasks": [{"instruction": "…", "input": "…", "output": "…"}]}' },
} as const;

export type ListName = keyof typeof lists;

export function readJsonInstructions(text: string): Found<string>[] {
  return readItems(text, 'instructions', instructionItem);
}

export function readJsonInstances(text: string): Found<Instance>[] {
  return readItems(text, 'instances', instanceItem);
}

export function readJsonTasks(text: string): Found<Task>[] {
  return readItems(text, 'tasks', taskItem);
}

/**
 * What is wrong with an answer that has no good item, and what was wanted: words for the model that gave it, with none
 * of its own in them.
 */
export function jsonProblem(text: string, name: ListName): string {
  const { item, form } = lists[name];
  const read = readList<unknown>(cleanText(text), name, item);
  return `${'problem' in read ? read.problem : problemOfItems(read.items, name)}. Wanted: JSON of the form ${form}`;
}

/** Whether a text has JSON that can be read only once it is mended: cut off, with a missing bracket or comma. */
export function isMendedJson(text: string): boolean {
  return readJson(cleanText(text))?.isMended === true;
}

type Item<T> = { value: T } | { problem: string; raw: unknown };

function readItems<T>(text: string, name: ListName, item: z.ZodType<T>): Found<T>[] {
  const read = readList(text, name, item);
  if ('problem' in read) {
    return text.trim() === '' ? [] : [{ unparsable: `${read.problem}: ${excerpt(text)}` }];
  }
  return read.items.map((one) =>
    'value' in one
      ? one
      : { unparsable: `${one.problem}${typeof one.raw === 'string' ? `: ${excerpt(one.raw)}` : ''}` },
  );
}

function readList<T>(
  text: string,
  name: ListName,
  item: z.ZodType<T>,
): { items: Item<T>[] } | { problem: string } {
  const json = readJson(text);
  if (json === null)
    return { problem: /[[{]/.test(text) ? 'its JSON is not valid' : 'there is no JSON in it' };
  const list = listIn(json.value, name);
  if (list !== null) return { items: list.map((raw) => readItem(raw, item)) };
  // One item where a list was asked for is a list of one.
  const only = readItem(json.value, item);
  return 'value' in only ? { items: [only] } : { problem: `its JSON has no list "${name}"` };
}

function readItem<T>(raw: unknown, item: z.ZodType<T>): Item<T> {
  const parsed = item.safeParse(raw);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const field = issue.path.length > 0 ? `"${issue.path.join('.')}" ` : '';
  return { problem: `${field}${issue.message}`, raw };
}

/** The list itself, or the list under the expected key, or the only list of an object. */
function listIn(value: unknown, key: string): unknown[] | null {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return null;
  const named = (value as Record<string, unknown>)[key];
  if (Array.isArray(named)) return named;
  const found = Object.values(value).filter((entry): entry is unknown[] => Array.isArray(entry));
  return found.length === 1 ? (found[0] as unknown[]) : null;
}

/** Kinds of problems that a model is told of, and items that are named for each. */
const SHOWN = 3;

/** `item 1: "output" is missing; items 2, 3, 4 and 5 more: "input" is a list, not a text` */
function problemOfItems(items: readonly Item<unknown>[], name: ListName): string {
  const places = new Map<string, number[]>();
  items.forEach((item, index) => {
    if ('problem' in item) places.set(item.problem, [...(places.get(item.problem) ?? []), index + 1]);
  });
  if (places.size === 0) return `its list "${name}" is empty`;
  return [...places]
    .slice(0, SHOWN)
    .map(([problem, at]) => `${placesInWords(at)}: ${problem}`)
    .join('; ');
}

function placesInWords(places: number[]): string {
  if (places.length === 1) return `item ${places[0]}`;
  const more = places.length > SHOWN ? ` and ${places.length - SHOWN} more` : '';
  return `items ${places.slice(0, SHOWN).join(', ')}${more}`;
}

/** Beyond it, mending takes time that grows with the square of the length; no whole answer is as long. */
const MOST_MENDED_CHARACTERS = 64 * 1024;
/** Where the wanted object begins, however many brackets stand in the talk before it. */
const WANTED_START = new RegExp(`\\{\\s{0,99}"(?:${Object.keys(lists).join('|')})"\\s{0,99}:`);

/** null when there is no object or array in the text, or none that can be mended. */
function readJson(text: string): { value: unknown; isMended: boolean } | null {
  const first = text.search(/[[{]/);
  if (first < 0) return null;
  const wanted = text.search(WANTED_START);
  const starts = wanted < 0 || wanted === first ? [first] : [wanted, first];
  const end = Math.max(text.lastIndexOf(']'), text.lastIndexOf('}'));
  const attempts = [
    () => ({ value: JSON.parse(text), isMended: false }),
    ...starts.map((start) => () => ({ value: JSON.parse(text.slice(start, end + 1)), isMended: false })),
    ...starts.map((start) => () => ({ value: mended(text.slice(start)), isMended: true })),
  ];
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch {
      // Not JSON read this way; the next way is more tolerant, and when none works the caller rejects the item.
    }
  }
  return null;
}

function mended(text: string): unknown {
  if (text.length > MOST_MENDED_CHARACTERS) throw new Error('too long to be mended');
  return JSON.parse(jsonrepair(text.replace(/\n?```[^`]*$/, '')));
}
