/** What counts as a usable answer in DEITA's phases. */
import {
  evolutionProblem,
  isMendedEvolution,
  isUsableEvolution,
  parseRanking,
} from '../../methods/deita/evolve-prompts.js';
import { isUsableScore } from '../../methods/deita/score-prompts.js';
import { isMendedRating, ratingProblem } from '../../methods/rating.js';
import type { AnswerText } from '../read-answer.js';
import type { DeitaPhase } from '../types.js';

/** A score, by its logprobs or in words; a variant; a verdict; the scores of all texts that were shown. */
export function isUsableDeitaAnswer(
  phase: Exclude<DeitaPhase, 'vectors'>,
  answer: AnswerText,
  { ranked }: { ranked?: number | undefined },
): boolean {
  switch (phase) {
    case 'complexity':
    case 'quality':
      return isUsableScore(answer);
    case 'evolve':
    case 'gain':
      return isUsableEvolution(phase, answer);
    case 'rank':
      return parseRanking(answer.text)?.length === ranked;
  }
}

/** What is wrong with an answer that was wanted in JSON, in words that its model can act on. */
export function deitaProblem(phase: DeitaPhase, text: string): string {
  switch (phase) {
    case 'evolve':
    case 'gain':
    case 'rank':
      return evolutionProblem(text, phase);
    case 'complexity':
    case 'quality':
      return ratingProblem(text);
    case 'vectors':
      throw new Error(`${phase} is not answered in JSON`);
  }
}

/** Whether an answer that was wanted in JSON can be read only once its JSON is mended. */
export function isMendedDeitaAnswer(phase: DeitaPhase, text: string): boolean {
  return phase === 'complexity' || phase === 'quality' ? isMendedRating(text) : isMendedEvolution(text);
}
