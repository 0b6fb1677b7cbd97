/** A growing pool of texts that answers: which of you is most similar to this one? */
import type { NearestNeighbour } from '../activities/types.js';
import { LcsQuery } from './lcs-query.js';
import { rougeLFromLcs } from './rouge-l.js';
import { TokenIds } from './token-ids.js';
import { comparableTokens, type Tokenisation } from './tokenise.js';

/**
 * Exact nearest neighbour by ROUGE-L F-measure, with the verdicts of rouge_score; texts without tokens follow
 * `comparableTokens`. A query costs one pass over the pool; pairs whose lengths alone rule them out are skipped.
 */
export class RougeLPool {
  readonly tokenisation: Tokenisation;
  readonly #tokenIds = new TokenIds();
  readonly #ids: string[] = [];
  readonly #texts: Uint32Array[] = [];

  constructor(options: { tokenisation: Tokenisation }) {
    this.tokenisation = options.tokenisation;
  }

  /** How many texts are in the pool. */
  get size(): number {
    return this.#ids.length;
  }

  /** Adds a text. Ids need not be unique: the caller decides what an id names. */
  add(id: string, text: string): void {
    this.#ids.push(id);
    this.#texts.push(this.#encode(text));
  }

  /**
   * The most similar text of the pool, the first added among equals; null for an empty pool. With `threshold`, only
   * a neighbour strictly above it is looked for (faster), and null means that there is none.
   */
  nearest(text: string, options: { threshold?: number } = {}): NearestNeighbour | null {
    const query = this.#query(text);
    let best = -1;
    let similarity = options.threshold ?? -1;
    for (let i = 0; i < this.#texts.length; i++) {
      const other = this.#texts[i] as Uint32Array;
      // No common subsequence is longer than the shorter text, and the F-measure grows with it.
      if (rougeLFromLcs(Math.min(query.length, other.length), query.length, other.length) <= similarity)
        continue;
      const found = rougeLFromLcs(query.lcs(other), query.length, other.length);
      if (found > similarity) {
        best = i;
        similarity = found;
        if (found === 1) break;
      }
    }
    return best < 0 ? null : { id: this.#ids[best] as string, similarity };
  }

  /** The similarity to every text of the pool, in the order of adding. */
  similarities(text: string): Float64Array {
    const query = this.#query(text);
    return Float64Array.from(this.#texts, (other) =>
      rougeLFromLcs(query.lcs(other), query.length, other.length),
    );
  }

  #encode(text: string): Uint32Array {
    return this.#tokenIds.encode(comparableTokens(text, this.tokenisation));
  }

  #query(text: string): LcsQuery {
    const tokens = this.#encode(text);
    return new LcsQuery(tokens, this.#tokenIds.count);
  }
}
