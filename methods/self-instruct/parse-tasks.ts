/** Completion answers of the one-call form (Alpaca: `generate_instruction.py`). */
import type { Found } from '../found.js';
import { excerpt, oneLine } from '../text.js';
import type { Task } from './parsed.js';
import { withoutNone } from './parse-instances.js';

const SEPARATOR = /^[ \t]{0,8}#{3,}[ \t]*$/;
const FIELD = /^[ \t]{0,8}(?:\d{1,4}[ \t]?\.[ \t]{0,4})?(Instruction|Input|Output)[ \t]?:[ \t]{0,8}/i;

type FieldName = 'instruction' | 'input' | 'output';

/**
 * Tasks between `###` lines, each with the fields `N. Instruction:`, `N. Input:` and `N. Output:` in this order; the
 * first one's instruction has its mark in the prompt. As with the authors, a task must have all three to count;
 * unlike theirs, the numbers need not go on without a gap, and a missing `###` before an instruction is forgiven.
 */
export function readTaskList(text: string): Found<Task>[] {
  const found: Found<Task>[] = [];
  let fields: Partial<Record<FieldName, string[]>> = { instruction: [] };
  let current: string[] = fields.instruction ?? [];
  const close = () => {
    const item = readTask(fields);
    if (item !== null) found.push(item);
    fields = {};
    current = [];
  };
  for (const line of text.split('\n')) {
    if (SEPARATOR.test(line)) {
      close();
      continue;
    }
    const start = FIELD.exec(line);
    if (start === null) {
      current.push(line);
      continue;
    }
    const name = (start[1] as string).toLowerCase() as FieldName;
    if (name === 'instruction' && (fields.instruction?.join('').trim() ?? '') !== '') close();
    current = fields[name] ?? [];
    fields[name] = current;
    current.push(line.slice(start[0].length));
  }
  close();
  return found;
}

function readTask(fields: Partial<Record<FieldName, string[]>>): Found<Task> | null {
  const instruction = oneLine((fields.instruction ?? []).join(' '));
  const all = Object.values(fields).flat().join(' ').trim();
  if (all === '') return null;
  if (instruction === '' || fields.input === undefined || fields.output === undefined) {
    return { unparsable: `not instruction, input and output: ${excerpt(all)}` };
  }
  const input = withoutNone(fields.input.join('\n').trim());
  return { value: { instruction, input, output: fields.output.join('\n').trim() } };
}
