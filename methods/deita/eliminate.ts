/**
 * Which evolved texts are failures: WizardLM's elimination (arXiv 2304.12244, "Elimination Evolving"; its code has none of it).
 * WizardLM looks at the response to an evolved instruction for a refusal and for stop words; DEITA makes none, so that the
 * evolved text itself is looked at (**ours**).
 */
import { cleanText } from '../text.js';
import { isStopWord } from './stop-words.js';

export type EliminationReason =
  /** Judged equal to the text before it. */
  | 'no-gain'
  /** Under 80 words, and opens as refusals do or says sorry. */
  | 'refusal'
  /** Nothing but stop words and punctuation. */
  | 'only-stop-words'
  /** Has words of the prompt that asked for it. */
  | 'leaked-prompt'
  /** The same as the text before it (**ours**: spares the question whether it gains anything). */
  | 'unchanged'
  /** **Ours**. */
  | 'empty';

/** A refusal is shorter than this. */
const REFUSAL_WORDS = 80;

/** WizardLM's "given prompt", "rewritten prompt", the same of responses in DEITA's evolution of quality, and our own marks. */
const LEAKED =
  /\b(?:given|rewritten|created) (?:prompt|response)\b|\brewritten instruction\b|<\s{0,9}\/?\s{0,9}(?:rewritten|instruction|response)\s{0,9}>/i;

const SORRY = /\bsorry\b/i;

/** **Ours**: refusals that do without the word. */
const OPENS_AS_REFUSAL =
  /^\W{0,9}(?:i apologi[sz]e|unfortunately,? i\b|as an? (?:ai|artificial intelligence|(?:large )?language model)\b|i(?:['’]m| am) (?:unable|not able|afraid)\b|i (?:cannot|can['’]t|can not|won['’]t|will not) (?:help|assist|rewrite|answer|comply|fulfil|provide|do (?:that|this)|create|write|generate|engage)\b)/i;

/**
 * Why the text `after` is left out, as an evolution of `before`; null where it stays. `gain`: whether it was judged to differ, null
 * where that was not asked or not answered, which eliminates nothing; the other rules need no answer, so that they
 * can be tried before it is paid for.
 *
 * What `before` has too is no sign of anything (**ours**): a letter that says sorry stays one.
 */
export function eliminated({
  before,
  after,
  gain,
}: {
  before: string;
  after: string;
  gain: boolean | null;
}): EliminationReason | null {
  const [old, evolved] = [evened(before), evened(after)];
  if (evolved === '') return 'empty';
  if (evolved === old) return 'unchanged';
  const isNew = (sign: RegExp) => sign.test(evolved) && !sign.test(old);
  if (isNew(LEAKED)) return 'leaked-prompt';
  if (isOnlyStopWords(evolved)) return 'only-stop-words';
  const isShort = evolved.split(' ').length < REFUSAL_WORDS;
  if (isShort && (isNew(SORRY) || isNew(OPENS_AS_REFUSAL))) return 'refusal';
  return gain === false ? 'no-gain' : null;
}

function evened(text: string): string {
  return cleanText(text).normalize('NFC').replaceAll(/\s+/g, ' ').trim();
}

/** English stop words; of other scripts, texts without any letter or digit. */
function isOnlyStopWords(text: string): boolean {
  for (const [word] of text.matchAll(/[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{M}]+)*/gu)) {
    if (!isStopWord(word)) return false;
  }
  return true;
}
