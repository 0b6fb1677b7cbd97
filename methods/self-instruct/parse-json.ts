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
import { cleanText, excerpt, oneLine } from '../text.js';
import type { Found, Task } from './parsed.js';
import { withoutNone } from './parse-instances.js';

const instructionItem = z
  .union([z.string(), z.object({ instruction: z.string() }).transform((item) => item.instruction)])
  .transform(oneLine)
  .refine((text) => text !== '', 'is empty');

/** A number or boolean is an output too: `{"input": "3 + 4", "output": 7}`. */
const content = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) => cleanText(String(value)).trim());
const input = content.nullish().transform((value) => withoutNone(value ?? ''));

const instanceItem = z.object({ input, output: content });
const taskItem = z.object({ instruction: instructionItem, input, output: content });

export function readJsonInstructions(text: string): Found<string>[] {
  return readItems(text, 'instructions', instructionItem);
}

export function readJsonInstances(text: string): Found<Instance>[] {
  return readItems(text, 'instances', instanceItem);
}

export function readJsonTasks(text: string): Found<Task>[] {
  return readItems(text, 'tasks', taskItem);
}

function readItems<T>(text: string, key: string, item: z.ZodType<T>): Found<T>[] {
  const list = listIn(parseTolerantly(text), key);
  if (list === null) return text.trim() === '' ? [] : [{ unparsable: `no list of ${key}: ${excerpt(text)}` }];
  return list.map((raw) => {
    const parsed = item.safeParse(raw);
    if (parsed.success) return { value: parsed.data };
    return {
      unparsable: `${describe(parsed.error)}: ${excerpt(typeof raw === 'string' ? raw : typeof raw)}`,
    };
  });
}

/** The list itself, or the list under the expected key, or the only list of an object. */
function listIn(value: unknown, key: string): unknown[] | null {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return null;
  const named = (value as Record<string, unknown>)[key];
  if (Array.isArray(named)) return named;
  const lists = Object.values(value).filter((entry): entry is unknown[] => Array.isArray(entry));
  return lists.length === 1 ? (lists[0] as unknown[]) : null;
}

/** Whether a text has JSON that can be read only once it is mended: cut off, with a missing bracket or comma. */
export function isMendedJson(text: string): boolean {
  return readJson(cleanText(text))?.isMended === true;
}

function parseTolerantly(text: string): unknown {
  return readJson(text)?.value;
}

/** null when there is no object or array in the text, or none that can be mended. */
function readJson(text: string): { value: unknown; isMended: boolean } | null {
  const start = text.search(/[[{]/);
  if (start < 0) return null;
  const end = Math.max(text.lastIndexOf(']'), text.lastIndexOf('}'));
  const attempts = [
    () => ({ value: JSON.parse(text), isMended: false }),
    () => ({ value: JSON.parse(text.slice(start, end + 1)), isMended: false }),
    () => ({
      value: JSON.parse(jsonrepair(text.slice(start).replace(/\n?```[^`]*$/, ''))),
      isMended: true,
    }),
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

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'not an item' : `${issue.path.join('.') || 'item'} ${issue.message}`;
}
