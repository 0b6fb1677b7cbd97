/**
 * Reads an instruction and a response out of a turn's text, whose form was asked for but is kept more or less:
 *
 *     Sure! Here is the refined version:
 *
 *     ### Refined Instruction: How do I …
 *     ### Response: Start with …
 */
import { z } from 'zod';
import { inWords, readObject, wants } from '../json-answer.js';
import { cleanText } from '../text.js';
import { unquoted } from '../unquoted.js';

export interface PairParts {
  /** null where the text has none, or an empty one. */
  instruction: string | null;
  response: string | null;
}

/**
 * The first mark at a line's start counts, and marks of one kind (`###`, bold, plain) belong together, so that a `Response:` in
 * a quoted piece or in the response itself cuts nothing off. A text with neither mark is a response alone (the authors' rule:
 * a turn that rewrites often gives only that). Never throws; linear in the text's length.
 *
 * A text that is a JSON object with an instruction, a response and nothing else is read as that, also when it is cut off.
 */
export function parsePair(text: string): PairParts {
  const clean = unfenced(cleanText(text));
  const json = jsonPair(clean);
  if (json !== null) return json;
  const marks = marksIn(clean, LINE_MARK);
  const places = pairOf(clean, marks) ?? pairOf(clean, marksIn(clean, INLINE_MARK)) ?? singleOf(clean, marks);
  if (places === null) return jsonWithin(clean) ?? { instruction: null, response: filled(tidy(clean)) };
  const { instruction, response } = places;
  return {
    instruction:
      instruction && filled(unquoted(tidy(clean.slice(instruction.end, response?.start ?? clean.length)))),
    response: response && filled(tidy(clean.slice(response.end, endOfResponse(clean, response)))),
  };
}

const jsonText = z
  .string()
  .nullish()
  .transform((text) => filled(tidy(cleanText(text ?? ''))));
const jsonKeys = { instruction: jsonText, query: jsonText, response: jsonText };
const asParts = ({ instruction, query, response }: Record<keyof typeof jsonKeys, string | null>) => ({
  instruction: instruction ?? query,
  response,
});
const jsonParts = z.strictObject(jsonKeys).transform(asParts);
const looseParts = z.object(jsonKeys).transform(asParts);

function jsonPair(text: string): PairParts | null {
  if (!/^\s*(?:```(?:json)?\s*)?\{\s*"(?:instruction|query|response)"\s*:/.test(text)) return null;
  const read = readObject(text, { key: 'instruction', item: jsonParts });
  return 'value' in read ? read.value : null;
}

/** An object with both parts in the middle of talk, in a list, or with further keys; null where there is none. */
function jsonWithin(text: string): PairParts | null {
  const key = text.search(/"(?:instruction|query)"\s*:/);
  const start = text.lastIndexOf('{', key);
  if (key < 0 || start < 0 || !text.includes('"response"', start)) return null;
  const read = readObject(text.slice(start), { key: 'instruction', item: looseParts });
  return 'value' in read ? read.value : null;
}

const wantedText = z.string(wants('a text')).refine((text) => text.trim() !== '', 'is empty');
const wantedPair = z.object({ instruction: wantedText, response: wantedText }, wants('an object'));

/** What is wrong with a pair in JSON that is of no use: words for the model that gave it, with none of its own in them. */
export function pairProblem(text: string): string {
  const read = readObject(cleanText(text), { key: 'instruction', item: wantedPair });
  return inWords(
    'problem' in read ? read.problem : 'it is not an example',
    '{"instruction": "…", "response": "…"}',
  );
}

interface Mark {
  kind: 'instruction' | 'response';
  style: 'hash' | 'bold' | 'plain';
  /** `Refined Instruction:`: what counts where the first version is repeated before it. */
  isRefined: boolean;
  /** `asked`: the very word that was asked for. `loose`: another one that may mean it; never plain. */
  word: 'asked' | 'query' | 'loose';
  hasColon: boolean;
  start: number;
  end: number;
}

const REFINED = 'refined|improved|revised|updated|final|new|rewritten|enhanced|better';
const REFINED_WORD = new RegExp(REFINED, 'i');
const BEFORE = `((?:(?:the|your|my|user|human|ai|assistant|full|complete|whole|${REFINED})[ \\t]{1,3}){0,3})`;

const words = {
  instructions: { kind: 'instruction', word: 'loose' },
  instruction: { kind: 'instruction', word: 'asked' },
  query: { kind: 'instruction', word: 'query' },
  question: { kind: 'instruction', word: 'loose' },
  request: { kind: 'instruction', word: 'loose' },
  response: { kind: 'response', word: 'asked' },
  answer: { kind: 'response', word: 'loose' },
  reply: { kind: 'response', word: 'loose' },
} as const;
const WORD = `(${Object.keys(words).join('|')})`;

const LINE_MARK = new RegExp(
  [
    '^[ \\t]{0,3}(#{1,6})?[ \\t]{0,4}(?:\\d{1,2}[.)][ \\t]{1,4})?(\\*{1,3}|__)?(?:\\d{1,2}[.)][ \\t]{1,4})?',
    `${BEFORE}${WORD}(?:[ \\t]\\d{1,2})?(?:[ \\t]{0,2}\\([^()\\n]{0,40}\\))?`,
    '[ \\t]{0,2}(\\*{1,3}|__)?[ \\t]{0,2}([:：])?([ \\t]{0,2}(?:\\*{1,3}|__))?',
  ].join(''),
  'gim',
);

/** For texts whose line ends were lost: only what cannot be meant otherwise. */
const INLINE_MARK = new RegExp(
  `(#{2,6})[ \\t]{0,4}(\\*{1,3})?${BEFORE}(instruction|query|response)[ \\t]{0,2}(\\*{1,3})?([:：])(\\*{1,3})?`,
  'gi',
);

/** No example has more; a text that repeats itself without end is not searched to its end. */
const MOST_MARKS = 1000;

function marksIn(text: string, pattern: RegExp): Mark[] {
  const marks: Mark[] = [];
  for (const match of text.matchAll(pattern)) {
    if (marks.length === MOST_MARKS) break;
    const [whole, hashes, bold, before = '', word = '', closed, colon, closing = ''] = match;
    const style = hashes ? 'hash' : bold ? 'bold' : 'plain';
    // `Response: **First**, …`: what begins here is the text's own emphasis.
    const isOwn = bold === undefined || closed !== undefined;
    const end = match.index + whole.length - (isOwn ? closing.length : 0);
    // A heading needs no colon when it has its line for itself.
    if (!colon && (style === 'plain' || !/^[ \t]{0,9}(?:\n|$)/.test(text.slice(end, end + 10)))) continue;
    const kind = words[word.toLowerCase() as keyof typeof words];
    // `Question:` and `Answer:` stand in too many texts to be marks without any emphasis.
    if (style === 'plain' && kind.word === 'loose') continue;
    const isRefined = before !== '' && REFINED_WORD.test(before);
    marks.push({ ...kind, style, isRefined, hasColon: colon !== undefined, start: match.index, end });
  }
  return marks;
}

interface Places {
  instruction: Mark | null;
  response: Mark | null;
}

/** No more than this stands before the first mark of a text when it is introduced in a sentence or two. */
const NEAR_START = 200;

/** An instruction's mark and the next response's: of one style where there are such, the asked one before others. */
function pairOf(text: string, marks: readonly Mark[]): Places | null {
  for (const style of ['hash', 'bold', 'plain', null] as const) {
    const candidates = style === null ? marks : marks.filter((mark) => mark.style === style);
    const instructions = candidates.filter(({ kind }) => kind === 'instruction');
    const lastResponse = candidates.findLast(({ kind }) => kind === 'response')?.start ?? 0;
    const opening = instructions.filter(
      (mark) => mark.start < lastResponse && opensPair(mark, instructions.length === 1),
    );
    const instruction = opening.find(({ isRefined }) => isRefined) ?? opening[0];
    if (instruction === undefined) continue;
    const responses = candidates.filter(
      ({ kind, start }) => kind === 'response' && start > instruction.start,
    );
    const response = responses.find(({ word }) => word === 'asked') ?? responses[0];
    if (response === undefined) continue;
    return {
      instruction: wholeRun(text, { marks, first: instruction }),
      response: wholeRun(text, { marks, first: response }),
    };
  }
  return null;
}

/** Whether it can be more than a part of a bare response: of an FAQ, of a piece about prompts, of a database's log. */
function opensPair({ style, word, start }: Mark, isOnly: boolean): boolean {
  const isSure = style === 'hash' ? word !== 'loose' : style === 'bold' && word === 'asked';
  return isSure || (start <= NEAR_START && (word !== 'loose' || isOnly));
}

/** `### Response:` with another `Response:` right below it: both as one mark. */
function wholeRun(text: string, { marks, first }: { marks: readonly Mark[]; first: Mark }): Mark {
  let whole = first;
  for (const next of marks.slice(marks.indexOf(first) + 1)) {
    const isRepeated = next.kind === first.kind && next.word === 'asked';
    if (!isRepeated || text.slice(whole.end, next.start).trim() !== '') break;
    whole = { ...whole, end: next.end };
  }
  return whole;
}

function singleOf(text: string, marks: readonly Mark[]): Places | null {
  const mark = marks.find((one) => countsAlone(text, one));
  if (mark === undefined) return null;
  const whole = wholeRun(text, { marks, first: mark });
  return mark.kind === 'response'
    ? { instruction: null, response: whole }
    : { instruction: whole, response: null };
}

/** A response's mark deep in a text is likely a part of it, unless it has the form that was asked for. */
function countsAlone(text: string, { kind, style, word, hasColon, start }: Mark): boolean {
  const isNear = start <= NEAR_START;
  if (word !== 'asked') return kind === 'response' && isNear && text.slice(0, start).trim() === '';
  return kind === 'instruction' || isNear || (style === 'hash' && hasColon);
}

/** What small models write when they run on: the next example of the list. */
const NEXT_EXAMPLE =
  /^(?:Example \d{1,2}[ \t]{0,2}\n)?[ \t]{0,3}#{1,6}[ \t]{0,4}(?:task type|instruction)[ \t]{0,2}:/gim;

function endOfResponse(text: string, response: Mark): number {
  if (response.style !== 'hash') return text.length;
  const next = new RegExp(NEXT_EXAMPLE);
  next.lastIndex = response.end;
  return next.exec(text)?.index ?? text.length;
}

const OPENING_FENCE = /^```(?:markdown|md|text|plaintext)?[ \t]*\n\s{0,9}/;

/** The text without a code fence around the whole of it, if a mark comes first inside. */
function unfenced(text: string): string {
  const body = text.trim();
  const opening = OPENING_FENCE.exec(body);
  if (opening === null || !body.endsWith('\n```')) return text;
  const inside = body.slice(opening[0].length, -'\n```'.length);
  return marksIn(inside.slice(0, NEAR_START), LINE_MARK)[0]?.start === 0 ? inside : text;
}

/** Without blank lines and horizontal rules at its end, and without white space around it. */
function tidy(text: string): string {
  let end = text.length;
  while (end > 0) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    const line = text.slice(start, end).trim();
    if (line !== '' && !/^(?:-{3,}|\*{3,}|_{3,}|#{1,6})$/.test(line)) break;
    end = Math.max(start - 1, 0);
  }
  return text.slice(0, end).trim();
}

/** null for a text of punctuation alone: the `…` of the form that the prompt shows, copied. */
function filled(text: string): string | null {
  return /^[\p{P}\s]*$/u.test(text) ? null : text;
}
