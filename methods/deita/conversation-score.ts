/** DEITA's score of a conversation: the sum over its turns of complexity × quality (the paper, §3.3; `selection/filter`). */

/** One turn's two scores, from 1 to 6; null where a score is missing. */
export interface TurnScores {
  complexity: number | null;
  quality: number | null;
}

/**
 * The conversation's score, at least 1 for scores that are; null when it has no turns or a score is missing.
 * Not the product of the two sums: that grows with the square of the number of turns. Throws a RangeError for NaN and infinities.
 */
export function conversationScore(turns: readonly TurnScores[]): number | null {
  const complexities: number[] = [];
  const qualities: number[] = [];
  for (const { complexity, quality } of turns) {
    if (complexity === null || quality === null) return null;
    complexities.push(complexity);
    qualities.push(quality);
  }
  if (turns.length === 0) return null;
  const score = sumOfProducts([complexities, qualities]);
  if (!Number.isFinite(score)) throw new RangeError(`The score of a conversation is ${score}`);
  return score;
}

/**
 * The sum over places of the product of the lists' numbers there; 0 for no lists. Throws a RangeError for lists of different
 * lengths.
 */
export function sumOfProducts(factors: readonly (readonly number[])[]): number {
  const places = factors[0]?.length ?? 0;
  const other = factors.find(({ length }) => length !== places);
  if (other !== undefined) throw new RangeError(`${places} and ${other.length} scores`);
  let sum = 0;
  for (let at = 0; at < places; at++) {
    sum += factors.reduce((product, factor) => product * (factor[at] as number), 1);
  }
  return sum;
}
