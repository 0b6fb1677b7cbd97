/**
 * Longest common subsequences of one text with many others, bit-parallel: H. Hyyrö, "Bit-Parallel LCS-length
 * Computation Revisited" (2004), the recurrence V = (V + (V & M)) | (V & ~M) with a carry from word to word.
 */

/** One text, laid out for comparison: for each of its different tokens, a bit mask of the places where it stands. */
export class LcsQuery {
  readonly length: number;
  /** For each token id: 0 when the text lacks it, else the start of its mask in `#masks`, plus 1. */
  readonly #slots: Uint32Array;
  readonly #masks: Uint32Array;
  readonly #words: number;
  readonly #state: Uint32Array;

  /** `tokenCount`: number of different token ids in use; every id of this text and of the others is below it. */
  constructor(tokens: Uint32Array, tokenCount: number) {
    this.length = tokens.length;
    this.#words = Math.max(1, Math.ceil(tokens.length / 32));
    this.#slots = new Uint32Array(tokenCount);
    this.#masks = new Uint32Array(tokens.length * this.#words);
    this.#state = new Uint32Array(this.#words);
    let used = 0;
    for (const [place, token] of tokens.entries()) {
      if (this.#slots[token] === 0) {
        this.#slots[token] = used + 1;
        used += this.#words;
      }
      const at = (this.#slots[token] as number) - 1 + (place >>> 5);
      this.#masks[at] = (this.#masks[at] as number) | (1 << (place & 31));
    }
  }

  /** Length of the longest common subsequence with `other`. */
  lcs(other: Uint32Array): number {
    return this.#words === 1 ? this.#lcsOneWord(other) : this.#lcsManyWords(other);
  }

  /** At most 32 tokens: the state is one integer. */
  #lcsOneWord(other: Uint32Array): number {
    const slots = this.#slots;
    const masks = this.#masks;
    let v = -1;
    for (let i = 0; i < other.length; i++) {
      const slot = slots[other[i] as number] as number;
      if (slot === 0) continue;
      const u = v & (masks[slot - 1] as number);
      v = (v + u) | (v - u);
    }
    // Bits above the text's length are never cleared: no mask has them.
    return countOnes(~v);
  }

  #lcsManyWords(other: Uint32Array): number {
    const slots = this.#slots;
    const masks = this.#masks;
    const state = this.#state.fill(0xffffffff);
    const words = this.#words;
    for (let i = 0; i < other.length; i++) {
      const slot = slots[other[i] as number] as number;
      if (slot === 0) continue;
      let carry = 0;
      for (let w = 0; w < words; w++) {
        const v = state[w] as number;
        const u = (v & (masks[slot - 1 + w] as number)) >>> 0;
        const sum = v + u + carry;
        carry = sum > 0xffffffff ? 1 : 0;
        state[w] = sum | (v - u);
      }
    }
    let ones = 0;
    for (let w = 0; w < words; w++) ones += countOnes(~(state[w] as number));
    return ones;
  }
}

function countOnes(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
