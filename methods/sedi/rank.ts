/** Scores as DURABILITY.md wants them compared: after rounding to 6 significant digits, ties by id. */

/** The number with 6 significant digits. */
export function roundScore(score: number): number {
  return Number(score.toPrecision(6));
}

/** Sorted copy, highest score first, equal scores by id in code-unit order. */
export function rankBy<T>(items: readonly T[], key: (item: T) => { id: string; score: number }): T[] {
  return items
    .map((item) => ({ item, id: key(item).id, score: roundScore(key(item).score) }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ item }) => item);
}

/**
 * The value at a share (0 to 1) of the sorted values, linear between neighbours as numpy's default. Throws on an empty
 * list.
 */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('percentile of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
