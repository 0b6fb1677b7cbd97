/** A growing pool of texts that answers: which of you is most similar to this one? */
import type { NearestNeighbour } from '../activities/types.js';
import { ChunkLists, rangeOf, signatureBytes } from './chunk-lists.js';
import { EntryTable } from './entry-table.js';
import { KernelMemory, Region } from './kernel-memory.js';
import { PreparedText } from './prepared-text.js';
import { rougeLFromLcs } from './rouge-l.js';
import { TokenTable } from './token-table.js';
import type { Tokenisation } from './tokenise.js';

/** Without a threshold of the caller's, each of these is tried in turn: near neighbours are found fast. */
const thresholdsTried = [0.85, 0.6, 0.4, 0.2, -1];

/** Sixteen vectors for the kernel's `scanPool`. */
const counterBytes = 256;

/**
 * Exact nearest neighbour by ROUGE-L F-measure, with the verdicts of rouge_score; texts without tokens follow
 * `comparableTokens`.
 *
 * A neighbour above a threshold needs a common subsequence of a certain length. Texts that are too short or too long
 * for it are never looked at; of the others, bit signatures rule out those that share too few tokens, 128 at a time;
 * only the rest is compared. All bounds are computed by the F-measure's own formula, so no verdict hangs on rounding.
 */
export class RougeLPool {
  readonly tokenisation: Tokenisation;
  /** Pairs whose longest common subsequence was computed so far. */
  scored = 0;
  readonly #memory = new KernelMemory();
  readonly #tokens: TokenTable;
  readonly #lists = new ChunkLists(this.#memory);
  readonly #prepared = new PreparedText(this.#memory);
  /** Of comparers that have ended. */
  readonly #idle: PreparedText[] = [];
  #comparers = 0;
  readonly #counters = this.#memory.allocate(counterBytes);
  readonly #found = new Region(this.#memory);
  readonly #measures = new Region(this.#memory);
  readonly #ids: string[] = [];
  readonly #entries = new EntryTable(this.#memory);
  /** A text is often added right after it was asked about. */
  #last: { text: string; tokens: Uint32Array } | null = null;

  constructor(options: { tokenisation: Tokenisation }) {
    this.tokenisation = options.tokenisation;
    this.#tokens = new TokenTable(this.#memory, options.tokenisation);
  }

  /** How many texts are in the pool. */
  get size(): number {
    return this.#ids.length;
  }

  /** Bytes of the index outside JavaScript's heap. */
  get indexBytes(): number {
    return this.#memory.bytes;
  }

  /**
   * Adds a text. Ids need not be unique: the caller decides what an id names.
   * @throws RangeError for a text of more than 32,767 tokens.
   */
  add(id: string, text: string): void {
    this.#addTokens(id, this.#encode(text));
  }

  /**
   * The most similar text of the pool, the first added among equals; null for an empty pool. With `threshold`, only
   * a neighbour strictly above it is looked for (much faster), and null means that there is none. `except`: the number
   * (from 0) of an entry that does not count, for a text that is in the pool itself.
   * @throws RangeError for a text of more than 32,767 tokens.
   */
  nearest(text: string, options: { threshold?: number; except?: number } = {}): NearestNeighbour | null {
    const tokens = this.#encode(text);
    if (this.size === 0) return null;
    this.#prepared.begin(tokens, this.#tokens.count);
    try {
      const thresholds = options.threshold === undefined ? thresholdsTried : [options.threshold];
      for (const threshold of thresholds) {
        const found = this.#nearestAbove(threshold, { length: tokens.length, except: options.except ?? -1 });
        if (found) return found;
      }
      return null;
    } finally {
      this.#prepared.end();
    }
  }

  /**
   * Compares the text that was added as number `entry` (from 0) with others of the pool. Any number of comparers may be
   * open; until all have ended, nothing can be added.
   */
  comparer(entry: number): Comparer {
    const prepared = this.#idle.pop() ?? new PreparedText(this.#memory);
    const tokens = this.#entries.tokensOf(entry);
    prepared.begin(tokens, this.#tokens.count);
    const { length } = tokens;
    this.#comparers += 1;
    return {
      similarity: (other) => this.#similarity(prepared, { entry: other, length }),
      similarities: (others) => this.#similarities(prepared, others),
      end: () => {
        prepared.end();
        this.#idle.push(prepared);
        this.#comparers -= 1;
      },
    };
  }

  /** The similarity to every text of the pool, in the order of adding. */
  similarities(text: string): Float64Array {
    const tokens = this.#encode(text);
    this.#prepared.begin(tokens, this.#tokens.count);
    const all = this.#similarities(
      this.#prepared,
      Int32Array.from({ length: this.size }, (_, entry) => entry),
    );
    this.#prepared.end();
    return all;
  }

  /** Everything that `load` needs to answer as this pool does. */
  save(): SavedPool {
    const lengths = Uint32Array.from({ length: this.size }, (_, entry) => this.#entries.lengthOf(entry));
    const tokens = new Uint32Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const [entry, length] of lengths.entries()) {
      tokens.set(this.#entries.tokensOf(entry), at);
      at += length;
    }
    const { tokenisation } = this;
    return { version: 1, tokenisation, words: this.#tokens.words(), ids: [...this.#ids], lengths, tokens };
  }

  /** @throws RangeError when it is not what `save` gave. */
  static load({ version, tokenisation, words, ids, lengths, tokens }: SavedPool): RougeLPool {
    if (version !== 1) throw new RangeError(`a pool saved in version ${version} cannot be loaded`);
    const pool = new RougeLPool({ tokenisation });
    pool.#tokens.encodeTokens(words);
    let at = 0;
    for (const [entry, length] of lengths.entries()) {
      const own = tokens.slice(at, at + length);
      at += length;
      const id = ids[entry];
      if (id === undefined || own.length !== length || own.some((token) => token >= words.length))
        throw new RangeError(`entry ${entry} of the saved pool is not whole`);
      pool.#addTokens(id, own);
    }
    return pool;
  }

  #nearestAbove(
    threshold: number,
    { length, except }: { length: number; except: number },
  ): NearestNeighbour | null {
    const { shortest, longest } = this.#reach(threshold, length);
    if (shortest > longest) return null;
    this.#found.reserve(this.size * 4);
    const sizes = new Set([signatureBytes(shortest), signatureBytes(longest)]);
    // A range has one size; between the two ranges there may be one more.
    for (let at = shortest; at < longest; at *= 4) sizes.add(signatureBytes(at));
    const rows = this.#prepared.rowTable(sizes);
    const { kernel } = this.#memory;
    const [table, counters, found] = [this.#lists.table, this.#counters, this.#found.address];
    const [first, last] = [rangeOf(shortest), rangeOf(longest)];
    const hits = kernel.scanPool(table, first, last, length, threshold, rows, counters, found);
    let best = -1;
    let similarity = threshold;
    for (let hit = 0; hit < hits; hit += 1) {
      const entry = this.#memory.u32[(found >>> 2) + hit] as number;
      if (entry === except) continue;
      const value = this.#similarity(this.#prepared, { entry, length });
      if (value > similarity || (value === similarity && best >= 0 && entry < best)) {
        best = entry;
        similarity = value;
      }
    }
    return best < 0 ? null : { id: this.#ids[best] as string, similarity };
  }

  /** Numbers of tokens with which a text can lie above the threshold: F ≤ 2 min(m, n) / (m + n). */
  #reach(threshold: number, length: number): { shortest: number; longest: number } {
    const { shortest, longest } = this.#lists;
    if (threshold <= 0) return { shortest, longest };
    // One more on each side for rounding; the kernel's bounds are exact.
    return {
      shortest: Math.max(shortest, Math.floor((threshold * length) / (2 - threshold)) - 1),
      longest: Math.min(longest, Math.ceil((length * (2 - threshold)) / threshold) + 1),
    };
  }

  /** `length`: of the prepared text. */
  #similarity(prepared: PreparedText, { entry, length }: { entry: number; length: number }): number {
    this.scored += 1;
    const other = this.#entries.lengthOf(entry);
    return rougeLFromLcs(prepared.lcs(this.#entries.addressOf(entry), other), length, other);
  }

  /** The same with many entries: faster than one after another. */
  #similarities(prepared: PreparedText, entries: Int32Array): Float64Array {
    const count = entries.length;
    this.scored += count;
    this.#found.reserve(count * 4);
    this.#measures.reserve(count * 8);
    const [asked, found] = [this.#found.address, this.#measures.address];
    this.#memory.u32.set(entries, asked >>> 2);
    prepared.similarities({ table: this.#entries.address, asked, count, found });
    return this.#memory.f64.slice(found >>> 3, (found >>> 3) + count);
  }

  #addTokens(id: string, tokens: Uint32Array): void {
    if (this.#comparers > 0) throw new Error('a text cannot be added while comparers are open');
    const entry = this.#ids.length;
    this.#entries.add(tokens);
    this.#prepared.begin(tokens, this.#tokens.count);
    const rows = this.#prepared.rows(signatureBytes(tokens.length));
    this.#lists.add({ entry, length: tokens.length, rows });
    this.#ids.push(id);
  }

  #encode(text: string): Uint32Array {
    if (this.#last?.text !== text) this.#last = { text, tokens: this.#tokens.encode(text) };
    return this.#last.tokens;
  }
}

/** One text of a pool, ready to be compared with the others. */
export interface Comparer {
  /** The similarity to the text that was added as number `other`. */
  similarity(other: number): number;
  /** The same for many: faster than one after another. */
  similarities(others: Int32Array): Float64Array;
  end(): void;
}

/** A pool as plain data, for a file or another thread. */
export interface SavedPool {
  version: 1;
  tokenisation: Tokenisation;
  /** Token by id. */
  words: string[];
  ids: string[];
  /** Number of tokens of each entry, and all of them one after another. */
  lengths: Uint32Array;
  tokens: Uint32Array;
}
