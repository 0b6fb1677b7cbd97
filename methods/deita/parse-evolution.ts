/** Reads the answers to evolution's prompts. Nothing here throws on any text; all is linear in its length. */
import { z } from 'zod';
import type { Aspect, EvolutionPhase } from '../../activities/types.js';
import { inWords, isMendedJson, readObject, wants } from '../json-answer.js';
import { cleanText } from '../text.js';
import { unquoted } from '../unquoted.js';
import { parseRanking, rankingProblem } from './parse-ranking.js';

export { parseRanking } from './parse-ranking.js';

export interface EvolutionAnswer {
  text: string;
  /** It ended at the limit of its length. */
  truncated: boolean;
}

/** What models call the evolved text in their JSON; the first is asked for. */
const keysOf: Record<Aspect, readonly string[]> = {
  complexity: ['rewritten', 'instruction', 'prompt'],
  quality: ['rewritten', 'response', 'answer'],
};
const judgementKeys = ['judgement', 'judgment', 'answer'];
const allKeys = [...new Set([...keysOf.complexity, ...keysOf.quality, ...judgementKeys, 'scores'])];

const forms = {
  evolve: '{"rewritten": "…"}',
  gain: '{"judgement": "Equal"} or {"judgement": "Not equal"}',
} as const;

/** A wanted object begins within so much talk; one that comes later is a part of the text itself. */
const NEAR_START = 200;

/**
 * The evolved text: in JSON, between the marks `<rewritten>`, up to the closing one, or as it is without talk before
 * it. null for an empty text, and for one that was cut off.
 */
export function parseEvolved({
  text,
  truncated,
  aspect,
}: EvolutionAnswer & { aspect: Aspect }): string | null {
  const clean = cleanText(text).trim();
  const json = jsonText(clean, keysOf[aspect]);
  if (json !== null) {
    const isCut = truncated && isMendedJson(clean, keysOf[aspect]);
    return 'problem' in json || isCut ? null : filled(json.value);
  }
  const end = clean.search(/<\/rewritten>/i);
  if (end < 0 && truncated) return null;
  const whole = end < 0 ? clean : clean.slice(0, end);
  const start = /<rewritten>/i.exec(whole);
  if (start !== null) return filled(whole.slice(start.index + start[0].length));
  return filled(unquoted(withoutLabel(unfenced(whole)).trim()));
}

/**
 * Whether the second text gains something over the first: true for `Not equal`, false for `Equal`, null where an answer says
 * neither or both.
 */
export function parseGain(text: string): boolean | null {
  const clean = cleanText(text);
  const json = jsonText(clean, judgementKeys);
  const judgement = json !== null && 'value' in json ? json.value : clean;
  const said = new Set([...judgement.matchAll(EQUALITY)].map((match) => match.groups?.not !== undefined));
  return said.size === 1 ? [...said].every((isNot) => isNot) : null;
}

/** `Equal`; `Not equal`, `not_equal`, `aren't equal`, `Unequal`. */
const EQUALITY = /(?<not>\bnot[\s*_-]{0,4}|n['’]t\s{1,4}|\bun|\bin)equal\b|\bequal\b/gi;

/**
 * Whether an answer is of use: a whole evolved text, a judgement, or scores of places 1 to k. Whether k is the number of texts
 * that were shown is for the caller to see.
 */
export function isUsableEvolution(phase: EvolutionPhase, answer: EvolutionAnswer): boolean {
  switch (phase) {
    case 'evolve':
      return (['complexity', 'quality'] as const).some(
        (aspect) => parseEvolved({ ...answer, aspect }) !== null,
      );
    case 'gain':
      return parseGain(answer.text) !== null;
    case 'rank':
      return parseRanking(answer.text) !== null;
  }
}

/** What is wrong with an answer in JSON that is of no use: words for the model that gave it, with none of its own in them. */
export function evolutionProblem(text: string, phase: EvolutionPhase): string {
  if (phase === 'rank') return rankingProblem(text);
  const key = phase === 'evolve' ? 'rewritten' : 'judgement';
  const read = readObject(cleanText(text), { key, item: textUnder(key) });
  const problem =
    'problem' in read
      ? read.problem
      : phase === 'gain'
        ? `"${key}" is neither "Equal" nor "Not equal"`
        : `"${key}" is empty`;
  return inWords(problem, forms[phase]);
}

/** Whether a text has JSON that can be read only once it is mended: cut off, with a missing bracket or comma. */
export function isMendedEvolution(text: string): boolean {
  return isMendedJson(text, allKeys);
}

const textUnder = (key: string) =>
  z.object({ [key]: z.string(wants('a text')) }, wants('an object')).transform((item) => item[key] as string);

/** What stands under the first of the keys that an object near the text's start begins with; null where there is none. */
function jsonText(text: string, keys: readonly string[]): { value: string } | { problem: string } | null {
  const near = text.slice(0, NEAR_START);
  const key = new RegExp(`\\{\\s{0,99}"(${keys.join('|')})"\\s{0,99}:`).exec(near)?.[1];
  return key === undefined ? null : readObject(text, { key, item: textUnder(key) });
}

/** null for nothing, and for the `…` of the form that the prompt shows, copied. */
function filled(text: string): string | null {
  const trimmed = text.trim();
  return /^(?:…|\.{3})?$/.test(trimmed) ? null : trimmed;
}

/** Without a code fence around the whole of a text that is no code. */
function unfenced(text: string): string {
  const body = text.trim();
  const opening = /^```(?:markdown|md|text|plaintext)?[ \t]{0,9}\n/.exec(body)?.[0];
  if (opening === undefined || !body.endsWith('\n```') || body.length < opening.length + 4) return text;
  const inside = body.slice(opening.length, -'\n```'.length);
  return inside.includes('```') ? text : inside;
}

/** A first line, or the beginning of one, that only announces the new version: `Here is the rewritten prompt:`, `#Rewritten Prompt#:`. */
const LABEL =
  /^(?:[^\n:]{0,80}\b(?:new version|rewritten|revised|improved|evolved)\b[^\n:]{0,80}:[\s*_#]{0,9}\n|[*_#\s]{0,9}(?:the )?(?:new version|(?:rewritten|revised|improved|evolved)(?: (?:version|prompt|instruction|response))?)[*_#\s]{0,9}:[*_]{0,3})/i;

function withoutLabel(text: string): string {
  return text.trimStart().replace(LABEL, '');
}
