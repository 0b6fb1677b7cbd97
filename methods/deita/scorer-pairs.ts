/** The rows that a scorer is trained on: the ranked variants of each origin, with their scores. */
import type { Aspect } from '../../activities/types.js';
import { scorerText } from './score-prompts.js';

/** One variant with its score, as the authors' published data for their scorers has them. */
export interface ScorerRow {
  /** Which row of the data the variant comes from: all of its variants are trained on, or all held out. */
  origin: string;
  /** 0 is the origin itself, 1 what the first evolution made of it, and so on; numbers of eliminated ones are not there. */
  variant: number;
  aspect: Aspect;
  instruction: string;
  /** null for `complexity`. */
  response: string | null;
  /** From 1 to 6. */
  score: number;
}

/** One of the texts that were ranked together: an instruction for `complexity`, a response for `quality`. */
export interface ScoredVariant {
  variant: number;
  text: string;
  /** null for one without a score: it makes no row. */
  score: number | null;
}

/** The rows of one origin, in the order of its variants. `instruction` is the origin's, which `quality` shows with each response. */
export function scorerPairs({
  origin,
  aspect,
  instruction,
  variants,
}: {
  origin: string;
  aspect: Aspect;
  instruction: string;
  variants: readonly ScoredVariant[];
}): ScorerRow[] {
  return variants.flatMap(({ variant, text, score }): ScorerRow[] => {
    if (score === null) return [];
    const texts =
      aspect === 'quality' ? { instruction, response: text } : { instruction: text, response: null };
    return [{ origin, variant, aspect, ...texts, score }];
  });
}

/**
 * What a scorer learns from a row: the published scorers' prompt, so that `logits` asks for what was learnt, and the score as the
 * one digit that follows it. A score between two whole ones becomes the nearest, halves upwards.
 */
export function trainingText(row: Pick<ScorerRow, 'aspect' | 'instruction' | 'response' | 'score'>): {
  prompt: string;
  completion: string;
} {
  return { prompt: scorerText(row.aspect, row), completion: String(Math.round(row.score)) };
}
