/** Reads a teacher's answers to Instruct-SkillMix's prompts. Nothing here throws on any text; all is linear in its length. */
import { z } from 'zod';
import type { ExtractionPhase, SkillMixPhase } from '../../activities/types.js';
import { inWords, isMendedJson as isMended, readObject, wants } from '../json-answer.js';
import { cleanText } from '../text.js';
import { listKeys, listProblemOf } from './parse-extraction.js';
import { pairProblem, parsePair, unquoted } from './parse-pair.js';

export { isUsableList, readGroups, readNames, readQueryTypes } from './parse-extraction.js';
export { type PairParts, parsePair } from './parse-pair.js';

/** One example: what is asked, and the answer. */
export interface Pair {
  instruction: string;
  response: string;
}

/**
 * The example that a conversation came to (the authors' `extract_relevant_info_gpt`): the instruction of the fourth turn,
 * else of the fifth; the response of the fifth, else of the fourth; null when one of them is missing. **Ours**: where
 * the fourth turn ended before its response began, its instruction may be cut off, and the fifth's comes first.
 */
export function finalPair(turns: FinalTurns): FinalPair | null {
  const improved = parsePair(turns.improve);
  const rewritten = parsePair(turns.improveRewrite ?? '');
  const mayBeCut = improved.response === null;
  const isOwn = improved.instruction !== null && (!mayBeCut || rewritten.instruction === null);
  const instruction = isOwn ? improved.instruction : rewritten.instruction;
  const response = rewritten.response ?? improved.response;
  if (instruction === null || response === null) return null;
  return {
    pair: { instruction, response },
    instructionFrom: isOwn ? 'improve' : 'improve-rewrite',
    responseFrom: rewritten.response === null ? 'improve' : 'improve-rewrite',
    // What follows a part shows that it is whole.
    endsWithInstruction: {
      improve: improved.response === null,
      'improve-rewrite': rewritten.response === null,
    },
  };
}

/** The example, and which of the two turns each part is from. */
export interface FinalPair {
  pair: Pair;
  instructionFrom: 'improve' | 'improve-rewrite';
  responseFrom: 'improve' | 'improve-rewrite';
  /** Turns that have no response, so that a cut at their end has cut their instruction. */
  endsWithInstruction: Record<'improve' | 'improve-rewrite', boolean>;
}

/** The fourth turn's text and the fifth's, where there is one. */
interface FinalTurns {
  improve: string;
  improveRewrite: string | null;
}

/**
 * Whether a turn's text is of use for what comes after it: a draft and a refined version have begun both their parts, a refined
 * version that was cut off one of them, a judge has given a score, and any other turn says something.
 */
export function isUsableTurn(
  phase: SkillMixPhase,
  text: string,
  { truncated }: { truncated: boolean } = { truncated: false },
): boolean {
  switch (phase) {
    case 'draft': {
      const { instruction, response } = parsePair(text);
      return instruction !== null && response !== null;
    }
    case 'improve': {
      const { instruction, response } = parsePair(text);
      // The other part can still come where the turn was cut off and is to be rewritten.
      return truncated
        ? instruction !== null || response !== null
        : instruction !== null && response !== null;
    }
    case 'judge':
      return parseScore(text) !== null;
    case 'shirk':
      return parseShirk(text) !== null;
    default:
      return cleanText(text).trim() !== '';
  }
}

/** The worse answer that a shirker's prompt has brought, without quotation marks around it; null for an empty text. */
export function parseShirk(text: string): string | null {
  const answer = unquoted(cleanText(text).trim());
  return answer === '' ? null : answer;
}

const LOWEST_SCORE = 1;
const HIGHEST_SCORE = 6;

const inRange = (score: number) => score >= LOWEST_SCORE && score <= HIGHEST_SCORE;

const rating = {
  key: 'score',
  item: z.object(
    { score: z.number(wants('a number')).refine(inRange, 'is not within 1 and 6') },
    wants('an object'),
  ),
};

/** A judge's score, from 1 to 6: `{"score": 4, "reason": "…"}`, also when it has to be mended, or a text with one number. */
export function parseScore(text: string): number | null {
  const clean = cleanText(text);
  const read = readObject(clean, rating);
  return 'value' in read ? read.value.score : loneNumber(clean);
}

/** `4`, `Score: 4.5`, `4/6 because …`; null where there are other numbers. */
function loneNumber(text: string): number | null {
  const number = /^[^\d-]{0,60}(\d(?:[.,]\d{1,3})?)(?:\s{0,3}(?:\/|out of)\s{0,3}6)?(?!\d)\D*$/i.exec(
    text,
  )?.[1];
  const score = Number(number?.replace(',', '.'));
  return inRange(score) ? score : null;
}

/**
 * What is wrong with an answer in JSON that is of no use: words for the model that gave it, with none of its own in them.
 * Throws for `embeddings`, which are no text, and for the turns that are free text.
 */
export function extractionProblem(text: string, phase: ExtractionPhase | SkillMixPhase): string {
  switch (phase) {
    case 'critique':
    case 'shirk':
      throw new Error(`${phase} is not answered in JSON`);
    case 'draft':
    case 'draft-rewrite':
    case 'improve':
    case 'improve-rewrite':
      return pairProblem(text);
    case 'judge': {
      const read = readObject(cleanText(text), rating);
      return inWords('problem' in read ? read.problem : '"score" is given', '{"score": 4, "reason": "…"}');
    }
    default:
      return listProblemOf(text, phase);
  }
}

/** Whether a text has JSON that can be read only once it is mended: cut off, with a missing bracket or comma. */
export function isMendedJson(text: string): boolean {
  return isMended(text, [...listKeys, rating.key, 'instruction', 'response']);
}
