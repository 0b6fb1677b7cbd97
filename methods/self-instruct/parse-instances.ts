/** Completion answers of the instance calls (authors: `prepare_for_finetuning.py`). */
import type { Instance } from '../../activities/types.js';
import type { Found } from '../found.js';
import { excerpt } from '../text.js';

const EXAMPLE = /^[ \t]{0,8}Example[ \t]{0,2}\d{0,3}[ \t]?[.:)]?(?=\s|$)[ \t]{0,8}/i;
const INPUT = /^[ \t]{0,8}Input[ \t]{0,2}\d{0,3}[ \t]?:[ \t]{0,8}/i;
const OUTPUT = /^[ \t]{0,8}(?:Output|Answer)[ \t]{0,2}\d{0,3}[ \t]?:[ \t]{0,8}/i;
const LABEL = /^[ \t]{0,8}Class[ \t]label[ \t]?:[ \t]{0,8}/i;
/** `Message:`, `Sentence:`, `Input:`: the name of an output-first input's field. */
const FIELD = /^[ \t]{0,8}[A-Z][a-z]{2,15}(?:[ \t][a-z]{1,15})?[ \t]?:[ \t]{1,8}/;

/**
 * Input-first: blocks opened by `Example N`; each has `Input:` (may be missing) and `Output:`, and both may run over
 * several lines. A further `Input:` after an output opens the next block too. A text that is neither is unparsable.
 */
export function readInputFirst(text: string): Found<Instance>[] {
  const found: Found<Instance>[] = [];
  let block = new Block();
  const close = () => {
    const item = block.read();
    if (item !== null) found.push(item);
    block = new Block();
  };
  for (const line of text.trim().split('\n')) {
    const example = EXAMPLE.exec(line);
    if (example !== null) close();
    const rest = example === null ? line : line.slice(example[0].length);
    const input = INPUT.exec(rest);
    const output = OUTPUT.exec(rest);
    if ((input !== null && block.hasOutput) || (output !== null && block.hasOutput)) close();
    if (input !== null) block.open('input', rest.slice(input[0].length));
    else if (output !== null) block.open('output', rest.slice(output[0].length));
    else block.add(rest);
  }
  close();
  return found;
}

/** The lines of one example, sorted into input and output as they come. */
class Block {
  #before: string[] = [];
  #input: string[] = [];
  #output: string[] | null = null;
  #current = this.#before;

  get hasOutput(): boolean {
    return this.#output !== null;
  }

  open(field: 'input' | 'output', text: string): void {
    if (field === 'output') this.#output ??= [];
    this.#current = field === 'output' && this.#output !== null ? this.#output : this.#input;
    this.#current.push(text);
  }

  add(line: string): void {
    this.#current.push(line);
  }

  /** null for a block without any text. */
  read(): Found<Instance> | null {
    const before = this.#before.join('\n').trim();
    const input = this.#input.join('\n').trim();
    if (this.#output === null) {
      const rest = [before, input].filter((part) => part !== '').join(' ');
      return rest === '' ? null : { unparsable: `no output: ${excerpt(rest)}` };
    }
    // Text before `Output:` is the input whose mark the model left out, as the authors' parser takes it.
    const whole = [before, input].filter((part) => part !== '').join('\n');
    return { value: { input: withoutNone(whole), output: this.#output.join('\n').trim() } };
  }
}

/** Output-first: `Class label:` opens an instance; its line is the output, the lines after it the input. */
export function readOutputFirst(text: string): Found<Instance>[] {
  const found: Found<Instance>[] = [];
  let label: string | null = null;
  let lines: string[] = [];
  const close = () => {
    const rest = lines.join('\n').trim();
    lines = [];
    if (label !== null)
      found.push({ value: { input: withoutNone(rest.replace(FIELD, '')), output: label.trim() } });
    else if (rest !== '') found.push({ unparsable: `no class label: ${excerpt(rest)}` });
  };
  for (const line of text.trim().split('\n')) {
    const start = LABEL.exec(line);
    if (start === null) {
      lines.push(line);
      continue;
    }
    close();
    label = line.slice(start[0].length);
  }
  close();
  return found;
}

/** Words that models write for "there is no input". */
export function withoutNone(input: string): string {
  return /^[<([]?\s?(?:no ?input|none|n\/a)\s?[>)\]]?\.?$/i.test(input) ? '' : input;
}
