/** The score that a scorer model gives: not the digit that it says, but the mean of those that it could have said. */

import type { TokenLogprob } from '../prompt.js';
import { HIGHEST_SCORE, LOWEST_SCORE } from '../rating.js';

/** Below it, too much of what the model would have said is no score, or was not among the tokens that came back. */
export const LEAST_MASS = 0.95;

/** Rounding can make a logprob a little more than 0; what is above this is none. */
const ROUNDING = 0.01;

/** A digit alone, or after a space as tokenisers write it: `5`, ` 5`, `▁5` (SentencePiece), `Ġ5` (byte-level BPE). */
const SCORE_TOKEN = /^[ ▁Ġ]?([1-6])$/u;

/**
 * The expected score Σ s · p(s) over the six score tokens, and their share of the probability. Variants with and without a leading
 * space are one score. Where the six hold at least 0.95, their probabilities are scaled to sum to 1; else the
 * score is null, which callers report as `score-missing`. The authors' `infer_score` takes a softmax over the six logits, which is the
 * same with all tokens at hand, and silently returns 3.0 when one of the six is not among the 1,000 that it asks
 * for. Their formula knows neither a least mass nor a smaller list: both rules are **ours**.
 *
 * A token that stands in the list twice with one logprob is one token; with two logprobs it is two that are written alike,
 * and both count. Left out are logprobs that are no number, and such as are above 0 by more than rounding.
 */
export function expectedScore(
  firstToken: readonly TokenLogprob[],
): { score: number; mass: number } | { score: null; mass: number } {
  const listed = new Set<string>();
  let mass = 0;
  let weighted = 0;
  for (const { token, logprob } of firstToken) {
    const digit = SCORE_TOKEN.exec(token)?.[1];
    if (digit === undefined || !(logprob <= ROUNDING)) continue;
    const entry = `${logprob} ${token}`;
    if (listed.has(entry)) continue;
    listed.add(entry);
    const probability = Math.exp(Math.min(logprob, 0));
    mass += probability;
    weighted += Number(digit) * probability;
  }
  const share = Math.min(mass, 1);
  if (share < LEAST_MASS) return { score: null, mass: share };
  return { score: Math.min(Math.max(weighted / mass, LOWEST_SCORE), HIGHEST_SCORE), mass: share };
}
