/**
 * The order in which the variants of one origin are shown to be ranked. Models favour certain places of a list, so that the
 * paper's one call for all variants is made in an order that is shuffled anew for each origin (**ours**).
 */
import type { SeededRandom } from '../random.js';

/** Which variant stands at each place: `[2, 0, 1]` shows the third variant first. */
export function shuffledOrder({ count, random }: { count: number; random: SeededRandom }): number[] {
  return random.shuffle(Array.from({ length: count }, (_, variant) => variant));
}

/**
 * The scores by variant, of scores by place. Throws a RangeError when there are not as many scores as places, or the order is
 * none.
 */
export function placeScores({
  order,
  scores,
}: {
  order: readonly number[];
  scores: readonly number[];
}): number[] {
  if (order.length !== scores.length)
    throw new RangeError(`${order.length} places have ${scores.length} scores`);
  const byVariant = new Map(order.map((variant, place) => [variant, scores[place] as number]));
  return order.map((_, variant) => {
    const score = byVariant.get(variant);
    if (score === undefined) throw new RangeError(`Variant ${variant} has no place in ${order.join(', ')}`);
    return score;
  });
}
