/** Which n tokens in a row stand in a set of texts. */

const MULTIPLIER = 0x01000193;
const EMPTY = -1;

/** Where a run of tokens was found. */
export interface NgramHit {
  /** Id of the text in the index, the first that holds it. */
  id: string;
  /** The tokens, as a list of n. */
  tokens: readonly string[];
}

/**
 * All n-grams of some texts. Each is one number in a hash table, the place where it begins; a hit is compared token by token, so
 * that there is no false one. 12 to 20 bytes for a token of the texts, beside the different tokens themselves.
 */
export class NgramIndex {
  readonly #n: number;
  readonly #tokenIds = new Map<string, number>();
  readonly #ids: string[];
  /** Where each text begins in `#tokens`, and the end of the last. */
  readonly #starts: Int32Array;
  readonly #tokens: Int32Array;
  readonly #table: Int32Array;
  /** The multiplier to the power n − 1: what the oldest token of a window counts. */
  readonly #oldest: number;

  constructor(texts: readonly { id: string; tokens: readonly string[] }[], n: number) {
    this.#n = n;
    this.#ids = texts.map(({ id }) => id);
    this.#starts = new Int32Array(texts.length + 1);
    for (const [i, { tokens }] of texts.entries()) {
      this.#starts[i + 1] = (this.#starts[i] as number) + tokens.length;
    }
    const total = this.#starts[texts.length] as number;
    this.#tokens = new Int32Array(total);
    let at = 0;
    for (const { tokens } of texts) {
      for (const token of tokens) {
        const id = this.#tokenIds.get(token) ?? this.#tokenIds.size;
        this.#tokenIds.set(token, id);
        this.#tokens[at++] = id;
      }
    }
    let oldest = 1;
    for (let i = 1; i < n; i++) oldest = Math.imul(oldest, MULTIPLIER);
    this.#oldest = oldest;
    // At most half full, so that a search is short.
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, total * 2)))).fill(EMPTY);
    for (let text = 0; text < texts.length; text++) this.#add(text);
  }

  /** The first n-gram of the tokens, in their order, that a text of the index has; null when there is none. */
  find(tokens: readonly string[]): NgramHit | null {
    const ids = Int32Array.from(tokens, (token) => this.#tokenIds.get(token) ?? EMPTY);
    let hit: NgramHit | null = null;
    this.#eachWindow(ids, { from: 0, to: ids.length }, (start, hash) => {
      const found = this.#table[this.#slot(ids, start, hash)] as number;
      if (found === EMPTY) return true;
      hit = { id: this.#textAt(found), tokens: tokens.slice(start, start + this.#n) };
      return false;
    });
    return hit;
  }

  #add(text: number): void {
    const [from, to] = [this.#starts[text] as number, this.#starts[text + 1] as number];
    this.#eachWindow(this.#tokens, { from, to }, (start, hash) => {
      const slot = this.#slot(this.#tokens, start, hash);
      if (this.#table[slot] === EMPTY) this.#table[slot] = start;
      return true;
    });
  }

  /** Calls `visit` for each n tokens in a row that are all known, with their hash, until it says false. */
  #eachWindow(
    ids: Int32Array,
    { from, to }: { from: number; to: number },
    visit: (start: number, hash: number) => boolean,
  ): void {
    let hash = 0;
    let length = 0;
    for (let i = from; i < to; i++) {
      const id = ids[i] as number;
      if (id === EMPTY) {
        hash = 0;
        length = 0;
        continue;
      }
      if (length === this.#n) {
        hash = (hash - Math.imul((ids[i - this.#n] as number) + 1, this.#oldest)) | 0;
        length -= 1;
      }
      hash = (Math.imul(hash, MULTIPLIER) + id + 1) | 0;
      length += 1;
      if (length === this.#n && !visit(i - this.#n + 1, hash)) return;
    }
  }

  /** The place of the n-gram in the table, or the empty one where it would stand. */
  #slot(ids: Int32Array, start: number, hash: number): number {
    const mask = this.#table.length - 1;
    // The low bits of a product depend on the low bits alone; mix the high ones in.
    let slot = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    slot = (slot ^ (slot >>> 13)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const other = this.#table[slot] as number;
      if (other === EMPTY || this.#isSame(ids, start, other)) return slot;
    }
  }

  #isSame(ids: Int32Array, start: number, other: number): boolean {
    for (let i = 0; i < this.#n; i++) {
      if (ids[start + i] !== this.#tokens[other + i]) return false;
    }
    return true;
  }

  #textAt(position: number): string {
    let low = 0;
    let high = this.#ids.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] as number) <= position) low = middle;
      else high = middle - 1;
    }
    return this.#ids[low] as string;
  }
}
