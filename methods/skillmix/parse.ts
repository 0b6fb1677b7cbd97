/** Reads a teacher's answers to Instruct-SkillMix's prompts. Nothing here throws on any text; all is linear in its length. */
import type { ExtractionPhase, SkillMixPhase } from '../../activities/types.js';
import { isMendedJson as isMended } from '../json-answer.js';
import { parseRating, RATING_KEY, ratingProblem } from '../rating.js';
import { cleanText } from '../text.js';
import { unquoted } from '../unquoted.js';
import { listKeys, listProblemOf } from './parse-extraction.js';
import { pairProblem, parsePair } from './parse-pair.js';

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
      return parseRating(text) !== null;
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
    case 'judge':
      return ratingProblem(text);
    default:
      return listProblemOf(text, phase);
  }
}

/** Whether a text has JSON that can be read only once it is mended: cut off, with a missing bracket or comma. */
export function isMendedJson(text: string): boolean {
  return isMended(text, [...listKeys, RATING_KEY, 'instruction', 'response']);
}
