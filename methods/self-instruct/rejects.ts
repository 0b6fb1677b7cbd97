/**
 * Self-Instruct's heuristics (§2.2 "Filtering and Postprocessing" and the authors' code): one reason for each rejected
 * candidate. The order of precedence for an instruction: too-short, too-long, unsuited-word, write-a-program,
 * bad-start; then, by the caller, similar or heldout-leak. For an instance: empty-output, output-equals-input,
 * ends-with-colon, conflicting-outputs, duplicate-instance, too-many-instances.
 */
import type { Instance, RejectReason } from '../../activities/types.js';
import { unicodeTokens } from '../../similarity/tokenise.js';
import { isEnglish } from '../language.js';
import { MAX_INSTANCES } from './prompts.js';

export interface Rejection {
  reason: RejectReason;
  /** What gave the reason, for example the unsuited word. */
  detail: string;
}

export interface InstructionRules {
  /** `one-call` has Alpaca's longer list of unsuited words. */
  prompting: 'staged' | 'one-call';
  /** Name or code of the tasks' language; English when absent. */
  language?: string | undefined;
}

/** An instruction must have more words than this … */
export const MIN_WORDS_EXCLUSIVE = 3;
/** … and no more than this. */
export const MAX_WORDS = 150;

/*
 * Whole words, in any case, with their plurals. The authors list the plurals of the first five only; taking those of
 * the other nouns too (plots, videos, flowcharts, diagrams) is **ours**.
 */
const STAGED_WORDS = /\b(?:images?|graphs?|pictures?|files?|maps?|draw|plots?|go to)\b/i;
const ONE_CALL_WORDS =
  /\b(?:images?|graphs?|pictures?|files?|maps?|draw|plots?|go to|videos?|audios?|music|flowcharts?|diagrams?)\b/i;

/** Python's `string.punctuation`, which the authors test the first character against. */
const PUNCTUATION_START = /^[!-/:-@[-`{-~]/;

/** The first rule that rejects this instruction, or null. */
export function rejectInstruction(instruction: string, rules: InstructionRules): Rejection | null {
  const text = instruction.trim();
  const english = isEnglish(rules.language);
  // Words are what white space separates, as with the authors; other languages may write none (**ours**).
  const words = english ? text.split(/\s+/).filter(Boolean).length : unicodeTokens(text).length;
  if (words <= MIN_WORDS_EXCLUSIVE) return { reason: 'too-short', detail: countOf(words) };
  if (words > MAX_WORDS) return { reason: 'too-long', detail: countOf(words) };

  const unsuited = (rules.prompting === 'one-call' ? ONE_CALL_WORDS : STAGED_WORDS).exec(text);
  if (unsuited !== null) return { reason: 'unsuited-word', detail: unsuited[0].toLowerCase() };
  // The authors capitalise an instruction before they test it, so its case does not matter.
  if (/^write a program/i.test(text)) return { reason: 'write-a-program', detail: 'Write a program' };

  const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
  if (PUNCTUATION_START.test(first)) return { reason: 'bad-start', detail: `starts with ${first}` };
  if (english && (text.codePointAt(0) ?? 0) > 0x7f) {
    return { reason: 'bad-start', detail: `starts with ${first}, which is not ASCII` };
  }
  return null;
}

function countOf(words: number): string {
  return words === 1 ? '1 word' : `${words} words`;
}

/**
 * For each instance of one instruction, in order: the first rule that rejects it, or null. As with the authors, an
 * instance that breaks a rule of its own does not count when the others are compared; then one non-empty input with
 * different outputs drops all that are left, identical ones collapse into the first, and 5 remain. (The authors draw
 * those 5 at random; the first 5 is **ours**.)
 */
export function rejectInstances(instances: readonly Instance[]): (Rejection | null)[] {
  const trimmed = instances.map(({ input, output }) => ({ input: input.trim(), output: output.trim() }));
  const verdicts = trimmed.map(rejectInstance);

  const conflict = conflictingInput(trimmed.filter((_, i) => verdicts[i] === null));
  const seen = new Set<string>();
  let kept = 0;
  return trimmed.map((instance, i) => {
    const own = verdicts[i] ?? null;
    if (own !== null) return own;
    if (conflict !== null) {
      return { reason: 'conflicting-outputs', detail: `different outputs for the input "${conflict}"` };
    }
    const content = JSON.stringify([instance.input, instance.output]);
    if (seen.has(content)) return { reason: 'duplicate-instance', detail: 'same input and output' };
    seen.add(content);
    kept += 1;
    return kept > MAX_INSTANCES
      ? { reason: 'too-many-instances', detail: `more than ${MAX_INSTANCES} of one instruction` }
      : null;
  });
}

function rejectInstance({ input, output }: Instance): Rejection | null {
  if (output === '') return { reason: 'empty-output', detail: 'no output' };
  if (output === input) return { reason: 'output-equals-input', detail: 'output is the input' };
  if (output.endsWith(':')) return { reason: 'ends-with-colon', detail: 'output ends with a colon' };
  if (input.endsWith(':')) return { reason: 'ends-with-colon', detail: 'input ends with a colon' };
  return null;
}

/** The first 80 characters of a non-empty input that has two different outputs; null when there is none. */
function conflictingInput(instances: readonly Instance[]): string | null {
  const outputs = new Map<string, string>();
  for (const { input, output } of instances) {
    if (input === '') continue;
    const known = outputs.get(input);
    if (known !== undefined && known !== output) return input.slice(0, 80);
    outputs.set(input, output);
  }
  return null;
}
