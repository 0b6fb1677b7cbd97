/** The greedy filter with its pool in several shares, each of which may live in a thread of its own. */
import type { NearestNeighbour } from '../activities/types.js';
import {
  type FilterCounts,
  type FilterItem,
  FilterItemError,
  type FilterVerdict,
  forEachItem,
  type ItemFilter,
} from './greedy-filter.js';
import type { NearestIndex } from './nearest-index.js';

/** What a share is asked: to take new entries in, then to compare a block of items with all it has. */
export interface ShareQuestion<Item> {
  /** Places of the new entries in the order of adding to the whole pool, and the entries. */
  places: number[];
  entries: Item[];
  items: Item[];
  threshold: number;
}

export interface ShareAnswer {
  /** For each item the place of its nearest entry above the threshold, -1 for none, and their similarity. */
  places: Int32Array;
  similarities: Float64Array;
  /** Pairs that the share has scored since its beginning. */
  scored: number;
  /** The first item or entry that cannot be compared. */
  failed: { in: 'items' | 'entries'; place: number; message: string } | null;
}

export type Share<Item> = (question: ShareQuestion<Item>) => Promise<ShareAnswer>;

/** Answers a share's question from its index, which nobody else adds to. */
export function answerFromIndex<Item>(
  index: NearestIndex<Item>,
  { places, entries, items, threshold }: ShareQuestion<Item>,
): ShareAnswer {
  const found = new Int32Array(items.length).fill(-1);
  const similarities = new Float64Array(items.length);
  const answer = (failed: ShareAnswer['failed']): ShareAnswer => ({
    places: found,
    similarities,
    scored: index.scored,
    failed,
  });
  let part: 'items' | 'entries' = 'entries';
  try {
    forEachItem(entries, (entry, n) => index.add(String(places[n]), entry));
    part = 'items';
    forEachItem(items, (item, n) => {
      const nearest = index.nearest(item, { threshold });
      if (nearest === null) return;
      found[n] = Number(nearest.id);
      similarities[n] = nearest.similarity;
    });
    return answer(null);
  } catch (error) {
    if (!(error instanceof FilterItemError)) throw error;
    return answer({ in: part, place: error.place, message: error.message });
  }
}

/**
 * Gives exactly the verdicts of `GreedyFilter`. All shares compare a block with what was kept before it, at the same
 * time; then this thread goes through the block in order and compares with what the block itself has added. What is
 * kept goes to the shares in turn with the next block, so they grow alike.
 */
export class SharedFilter<Item> implements ItemFilter<Item> {
  readonly #shares: readonly Share<Item>[];
  readonly #newIndex: () => NearestIndex<Item>;
  readonly #threshold: number;
  /** By place: the order of adding to the whole pool. */
  readonly #ids: string[] = [];
  /** Entries that the shares do not have yet; their places are the last ones. */
  #added: Item[] = [];
  #kept = 0;
  #dropped = 0;
  #pairsConsidered = 0;
  #scoredHere = 0;
  readonly #scoredByShare: number[];

  /** `newIndex` makes an empty index, for what a block adds. */
  constructor(options: {
    shares: readonly Share<Item>[];
    newIndex: () => NearestIndex<Item>;
    threshold: number;
  }) {
    this.#shares = options.shares;
    this.#newIndex = options.newIndex;
    this.#threshold = options.threshold;
    this.#scoredByShare = options.shares.map(() => 0);
  }

  get counts(): FilterCounts {
    return {
      kept: this.#kept,
      dropped: this.#dropped,
      pairsConsidered: this.#pairsConsidered,
      pairsScored: this.#scoredByShare.reduce((sum, scored) => sum + scored, this.#scoredHere),
    };
  }

  async know(block: readonly FilterItem<Item>[]): Promise<void> {
    // So that an entry that fails is one of this block.
    if (this.#added.length > 0) await this.#ask([]);
    for (const { id, item } of block) this.#add(id, item);
    await this.#ask([]);
  }

  async offer(block: readonly FilterItem<Item>[]): Promise<FilterVerdict[]> {
    const answers = await this.#ask(block.map(({ item }) => item));
    const own = this.#newIndex();
    const verdicts: FilterVerdict[] = [];
    forEachItem(block, ({ id, item }, place) => {
      const nearest = this.#nearer(nearestOf(answers, place), own, item);
      this.#pairsConsidered += this.#ids.length;
      if (nearest === null) {
        own.add(String(this.#ids.length), item);
        this.#add(id, item);
        this.#kept += 1;
        verdicts.push(null);
      } else {
        this.#dropped += 1;
        verdicts.push({ ...nearest, id: this.#ids[Number(nearest.id)] as string });
      }
    });
    this.#scoredHere += own.scored;
    return verdicts;
  }

  #add(id: string, item: Item): void {
    this.#ids.push(id);
    this.#added.push(item);
  }

  async #ask(items: Item[]): Promise<ShareAnswer[]> {
    const entries = this.#added;
    this.#added = [];
    const first = this.#ids.length - entries.length;
    const ours = (at: number) => (_: unknown, n: number) => (first + n) % this.#shares.length === at;
    const places = entries.map((_, n) => first + n);
    const answers = await Promise.all(
      this.#shares.map((share, at) =>
        share({
          places: places.filter(ours(at)),
          entries: entries.filter(ours(at)),
          items,
          threshold: this.#threshold,
        }),
      ),
    );
    throwFirst(
      answers.flatMap(({ failed }, at) => {
        if (failed === null || failed.in === 'items') return failed ?? [];
        return { ...failed, place: (places.filter(ours(at))[failed.place] as number) - first };
      }),
    );
    for (const [at, { scored }] of answers.entries()) this.#scoredByShare[at] = scored;
    return answers;
  }

  /** What the block has added stands behind the shares' entries, so among equals theirs come first. */
  #nearer(found: NearestNeighbour | null, own: NearestIndex<Item>, item: Item): NearestNeighbour | null {
    if (own.size === 0) return found;
    const nearest = own.nearest(item, { threshold: found?.similarity ?? this.#threshold });
    return nearest ?? found;
  }
}

/** The nearest of all shares' entries, by its place; the first added among equals. */
function nearestOf(answers: readonly ShareAnswer[], item: number): NearestNeighbour | null {
  let best = -1;
  let similarity = 0;
  for (const answer of answers) {
    const place = answer.places[item] as number;
    const value = answer.similarities[item] as number;
    if (place >= 0 && (best < 0 || value > similarity || (value === similarity && place < best))) {
      best = place;
      similarity = value;
    }
  }
  return best < 0 ? null : { id: String(best), similarity };
}

function throwFirst(failures: readonly { place: number; message: string }[]): void {
  const [first] = [...failures].sort((a, b) => a.place - b.place);
  if (first) throw new FilterItemError(first.place, first.message);
}
