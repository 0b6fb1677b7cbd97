/** Greedy filtering: an item is kept unless something that was kept before it lies above the threshold. */
import type { NearestNeighbour } from '../activities/types.js';
import type { NearestIndex } from './nearest-index.js';

export interface FilterItem<Item> {
  /** Names the item as somebody's neighbour; need not be unique. */
  id: string;
  item: Item;
}

/** null: kept. Else dropped, with the exact nearest of what was kept before it (the first among equals). */
export type FilterVerdict = NearestNeighbour | null;

export interface FilterCounts {
  kept: number;
  dropped: number;
  /** Pairs that brute force would compare: each item with everything that was known or kept before it. */
  pairsConsidered: number;
  /** Pairs whose similarity had to be computed. */
  pairsScored: number;
}

/** A filter takes its input in blocks of any size; the verdicts do not depend on where one ends. */
export interface ItemFilter<Item> {
  readonly counts: FilterCounts;
  /** Adds items that are compared with and are never dropped. */
  know(block: readonly FilterItem<Item>[]): void | Promise<void>;
  /** @throws FilterItemError for an item that cannot be compared. */
  offer(block: readonly FilterItem<Item>[]): FilterVerdict[] | Promise<FilterVerdict[]>;
}

/** An item that cannot be compared, by its place in the block that it came with. */
export class FilterItemError extends Error {
  override readonly name = 'FilterItemError';
  readonly place: number;

  constructor(place: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.place = place;
  }
}

/** Calls `work` for each item; its RangeError becomes a `FilterItemError`. */
export function forEachItem<Item>(items: readonly Item[], work: (item: Item, place: number) => void): void {
  for (const [place, item] of items.entries()) {
    try {
      work(item, place);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new FilterItemError(place, error.message, { cause: error });
    }
  }
}

/** The filter in this thread, over one index. */
export class GreedyFilter<Item> implements ItemFilter<Item> {
  readonly #index: NearestIndex<Item>;
  readonly #threshold: number;
  #kept = 0;
  #dropped = 0;
  #pairsConsidered = 0;

  /** `index`: empty, or with what is known already. */
  constructor(options: { index: NearestIndex<Item>; threshold: number }) {
    this.#index = options.index;
    this.#threshold = options.threshold;
  }

  get counts(): FilterCounts {
    return {
      kept: this.#kept,
      dropped: this.#dropped,
      pairsConsidered: this.#pairsConsidered,
      pairsScored: this.#index.scored,
    };
  }

  know(block: readonly FilterItem<Item>[]): void {
    forEachItem(block, ({ id, item }) => this.#index.add(id, item));
  }

  offer(block: readonly FilterItem<Item>[]): FilterVerdict[] {
    const verdicts: FilterVerdict[] = [];
    forEachItem(block, ({ id, item }) => {
      const nearest = this.#index.nearest(item, { threshold: this.#threshold });
      this.#pairsConsidered += this.#index.size;
      if (nearest === null) {
        this.#index.add(id, item);
        this.#kept += 1;
      } else this.#dropped += 1;
      verdicts.push(nearest);
    });
    return verdicts;
  }
}
