/** What counts as a usable answer in DEITA's phases. */
import { isUsableScore } from '../../methods/deita/score-prompts.js';
import type { AnswerText } from '../read-answer.js';
import type { DeitaPhase } from '../types.js';

/** A score, by its logprobs or in words; a variant; a verdict; a whole ranking. */
export function isUsableDeitaAnswer(phase: Exclude<DeitaPhase, 'vectors'>, answer: AnswerText): boolean {
  switch (phase) {
    case 'complexity':
    case 'quality':
      return isUsableScore(answer);
    case 'evolve':
    case 'gain':
    case 'rank':
      throw new Error(`${phase} is not written yet`);
  }
}

/** What is wrong with an answer that was wanted in JSON, in words that its model can act on. */
export function deitaProblem(phase: DeitaPhase, _text: string): string {
  throw new Error(`${phase} is not answered in JSON`);
}
