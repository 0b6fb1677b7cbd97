/**
 * Reads a teacher's answers: text in, items with their positions out. Nothing here throws on any text, and every
 * pattern is linear in the text's length. The rules for lists cut off by length are the authors' (METHODS.md):
 * `staged` drops the whole list of that answer, `one-call` and instances only the last item.
 */
import type { Instance } from '../../activities/types.js';
import type { Found } from '../found.js';
import type { PromptForm } from '../prompt.js';
import { cleanText, excerpt, oneLine } from '../text.js';
import { readInputFirst, readOutputFirst } from './parse-instances.js';
import { readJsonInstances, readJsonInstructions, readJsonTasks } from './parse-json.js';
import { readTaskList } from './parse-tasks.js';
import type { Parsed, Task } from './parsed.js';

export interface Answer {
  text: string;
  /** The endpoint stopped at max_tokens (finish reason `length`). */
  truncated: boolean;
  /** The form of the prompt it answers. */
  form: PromptForm;
}

/**
 * New instructions of a `staged` list; an empty list means that the call has no candidate at all. The completion form
 * continues a list, so the first item has no mark of its own:
 *
 *     " Tell me how to keep tomato plants healthy.\nTask 10: Write a haiku about ice.\nTask 11: …"
 *
 * Cut off by length, all items of the answer are rejected as `truncated`.
 */
export function parseInstructions(answer: Answer): Parsed<string>[] {
  const text = cleanText(answer.text);
  const found = answer.form === 'chat' ? readJsonInstructions(text) : readList(text);
  if (!answer.truncated) return number(found);
  return found.map((item, position) => ({
    position,
    value: null,
    rejected: { reason: 'truncated', detail: 'value' in item ? excerpt(item.value) : item.unparsable },
  }));
}

/** `Task 10:`, `10.` or `10)` at the start of a line opens an item (authors: `\n\d+\s?\. `). */
const ITEM_START =
  /^[ \t]{0,8}(?:\*\*)?(?:Task[ \t]{0,2}\d{1,4}[ \t]?[:.)]|\d{1,4}[ \t]?[.)](?=[ \t]|$))(?:\*\*)?/i;

function readList(text: string): Found<string>[] {
  const items: string[] = [''];
  for (const line of text.split('\n')) {
    const start = ITEM_START.exec(line);
    if (start === null) items[items.length - 1] += ` ${line}`;
    else items.push(line.slice(start[0].length));
  }
  const found: Found<string>[] = [];
  for (const item of items.map(oneLine)) {
    // An empty item is a mark that nothing follows, often the last thing a model writes: no candidate.
    if (item === '') continue;
    found.push(/[\p{L}\p{N}]/u.test(item) ? { value: item } : { unparsable: `no words: ${excerpt(item)}` });
  }
  return found;
}

/** Whether the instruction is a classification task (`Yes`, ` no.`, `**Yes**`, `true`); null when it says neither. */
export function parseClassification(answer: Answer): boolean | null {
  const word = /[a-z]+/i.exec(cleanText(answer.text).slice(0, 200))?.[0].toLowerCase();
  if (word === 'yes' || word === 'true') return true;
  if (word === 'no' || word === 'false') return false;
  return null;
}

/**
 * Instances of one instruction, in the answer's order. Input-first and output-first completions look like
 *
 *     "Example 1\nInput: 25 °C\nOutput: 77 °F\nExample 2\nInput: …"
 *     "Class label: urgent\nMessage: The cellar is under water.\nClass label: can wait\nMessage: …"
 *
 * Cut off by length, the last one is `truncated`.
 */
export function parseInstances(answer: Answer & { isClassification: boolean }): Parsed<Instance>[] {
  const text = cleanText(answer.text);
  const found =
    answer.form === 'chat'
      ? readJsonInstances(text)
      : answer.isClassification
        ? readOutputFirst(text)
        : readInputFirst(text);
  return number(found, answer.truncated);
}

/** The answer to one instruction (phase `answers`, **ours**): one item, or none for an empty text. */
export function parseAnswer(answer: Answer): Parsed<string>[] {
  const text = cleanText(answer.text).trim();
  return text === '' ? [] : number([{ value: text }], answer.truncated);
}

/**
 * New tasks of a `one-call` list. The completion form continues after `4. Instruction:`
 *
 *     " Name a river.\n4. Input:\n<noinput>\n4. Output:\nThe Elbe.\n###\n5. Instruction: …"
 *
 * Cut off by length, the last one is `truncated`.
 */
export function parseTasks(answer: Answer): Parsed<Task>[] {
  const text = cleanText(answer.text);
  return number(answer.form === 'chat' ? readJsonTasks(text) : readTaskList(text), answer.truncated);
}

function number<T>(found: readonly Found<T>[], lastIsCut = false): Parsed<T>[] {
  return found.map((item, position) => {
    if (lastIsCut && position === found.length - 1) {
      return {
        position,
        value: null,
        rejected: { reason: 'truncated', detail: 'cut off by the token limit' },
      };
    }
    if ('value' in item) return { position, value: item.value, rejected: null };
    return { position, value: null, rejected: { reason: 'unparsable', detail: item.unparsable } };
  });
}
