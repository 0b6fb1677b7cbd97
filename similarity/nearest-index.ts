import type { NearestNeighbour } from '../activities/types.js';

/** A growing pool that knows which of its entries is nearest to an item: texts by ROUGE-L, vectors by cosine. */
export interface NearestIndex<Item> {
  /** How many entries it has. */
  readonly size: number;
  /** Pairs whose similarity was computed so far. */
  readonly scored: number;
  /** @throws RangeError for an item that cannot be compared. */
  add(id: string, item: Item): void;
  /**
   * The most similar entry that lies strictly above the threshold, the first added among equals; null when there is
   * none.
   * @throws RangeError for an item that cannot be compared.
   */
  nearest(item: Item, options: { threshold: number }): NearestNeighbour | null;
}
