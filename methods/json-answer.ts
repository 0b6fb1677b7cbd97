/**
 * JSON answers of chat endpoints, read tolerantly: with or without structured output, in a Markdown fence, with talk
 * around it, or cut off. Item by item, so that one bad item costs only itself.
 *
 *     ```json
 *     {"instructions": ["Explain tides to a ten-year-old.", "Sort these words by length."]}
 *     ```
 */
import { jsonrepair } from 'jsonrepair';
import type { z } from 'zod';
import type { Found } from './found.js';
import { cleanText, excerpt, kindOf } from './text.js';

/** A list that a prompt asks for. */
export interface AnswerList<T> {
  /** The key that it stands under. */
  name: string;
  /** What one of its items is. */
  item: z.ZodType<T>;
  /** The form that the prompt shows. */
  form: string;
}

/** Words for what stands where something else was wanted; they reach a model that is asked to correct its answer. */
export const wants = (wanted: string) => ({
  error: ({ input }: { input?: unknown }) =>
    input === undefined ? 'is missing' : `is ${kindOf(input)}, not ${wanted}`,
});

/** The items of the list, good and bad, in their order; none for a text that is blank. */
export function readItems<T>(text: string, list: AnswerList<T>): Found<T>[] {
  const read = readList(text, list);
  if ('problem' in read) {
    return text.trim() === '' ? [] : [{ unparsable: `${read.problem}: ${excerpt(text)}` }];
  }
  return read.items.map((one) =>
    'value' in one
      ? one
      : { unparsable: `${one.problem}${typeof one.raw === 'string' ? `: ${excerpt(one.raw)}` : ''}` },
  );
}

/**
 * What is wrong with an answer that has no good item, and what was wanted: words for the model that gave it, with none
 * of its own in them.
 */
export function listProblem(text: string, list: AnswerList<unknown>): string {
  const read = readList(cleanText(text), list);
  return inWords('problem' in read ? read.problem : problemOfItems(read.items, list.name), list.form);
}

/** The one object that a text holds, or what is wrong with it. */
export function readObject<T>(
  text: string,
  wanted: { key: string; item: z.ZodType<T> },
): { value: T } | { problem: string } {
  const json = readJson(text, [wanted.key]);
  return json === null ? { problem: withoutJson(text) } : readItem(json.value, wanted.item);
}

/** A problem as a model is told of it. */
export function inWords(problem: string, form: string): string {
  return `${problem}. Wanted: JSON of the form ${form}`;
}

/**
 * Whether a text has JSON that can be read only once it is mended: cut off, with a missing bracket or comma. `keys`: those
 * that the wanted object may begin with.
 */
export function isMendedJson(text: string, keys: readonly string[]): boolean {
  return readJson(cleanText(text), keys)?.isMended === true;
}

type Item<T> = { value: T } | { problem: string; raw: unknown };

function readList<T>(
  text: string,
  { name, item }: AnswerList<T>,
): { items: Item<T>[] } | { problem: string } {
  const json = readJson(text, [name]);
  if (json === null) return { problem: withoutJson(text) };
  const list = listIn(json.value, name);
  if (list !== null) return { items: list.map((raw) => readItem(raw, item)) };
  // One item where a list was asked for is a list of one.
  const only = readItem(json.value, item);
  return 'value' in only ? { items: [only] } : { problem: `its JSON has no list "${name}"` };
}

function withoutJson(text: string): string {
  return /[[{]/.test(text) ? 'its JSON is not valid' : 'there is no JSON in it';
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
function problemOfItems(items: readonly Item<unknown>[], name: string): string {
  const places = new Map<string, number[]>();
  items.forEach((item, index) => {
    if (!('problem' in item)) return;
    const at = places.get(item.problem);
    if (at === undefined) places.set(item.problem, [index + 1]);
    else at.push(index + 1);
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

/** null when there is no object or array in the text, or none that can be mended. */
function readJson(text: string, keys: readonly string[]): { value: unknown; isMended: boolean } | null {
  const first = text.search(/[[{]/);
  if (first < 0) return null;
  // Where the wanted object begins, however many brackets stand in the talk before it.
  const wanted = text.search(new RegExp(`\\{\\s{0,99}"(?:${keys.join('|')})"\\s{0,99}:`));
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
