/**
 * Candidates in the order of how near they are to a growing set of members, as far as has been found out: the lowest
 * similarity first, the lower number among equals. A binary heap; similarities only rise.
 */
export class FarthestFirst {
  /** Candidates and, beside them, the highest similarity of each to a member so far. */
  readonly #candidates: Int32Array;
  readonly #highest: Float64Array;
  /** By candidate: with how many members it was compared. */
  readonly #compared: Uint32Array;
  #size: number;

  /** `similarities` of the candidates to the first member. */
  constructor(candidates: Int32Array, similarities: Float64Array) {
    this.#candidates = candidates.slice();
    this.#highest = similarities.slice();
    this.#size = candidates.length;
    this.#compared = new Uint32Array(candidates.reduce((most, number) => Math.max(most, number + 1), 0)).fill(
      1,
    );
    for (let at = (this.#size >>> 1) - 1; at >= 0; at -= 1)
      this.#sink(at, this.#candidates[at] as number, this.#highest[at] as number);
  }

  /** The farthest candidate as far as is known; null when there is none. */
  first(): { candidate: number; highest: number; compared: number } | null {
    if (this.#size === 0) return null;
    const candidate = this.#candidates[0] as number;
    return {
      candidate,
      highest: this.#highest[0] as number,
      compared: this.#compared[candidate] as number,
    };
  }

  /** Takes in the first candidate's similarity to one more member. */
  compare(similarity: number): void {
    const candidate = this.#candidates[0] as number;
    this.#compared[candidate] = (this.#compared[candidate] as number) + 1;
    if (similarity > (this.#highest[0] as number)) this.#sink(0, candidate, similarity);
  }

  removeFirst(): void {
    this.#size -= 1;
    const last = this.#size;
    if (last > 0) this.#sink(0, this.#candidates[last] as number, this.#highest[last] as number);
  }

  /** Puts a candidate where it belongs, from a free place on. */
  #sink(from: number, candidate: number, highest: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(child + 1, this.#candidates[child], this.#highest[child]))
        child += 1;
      if (!this.#isBefore(child, candidate, highest)) break;
      this.#candidates[at] = this.#candidates[child] as number;
      this.#highest[at] = this.#highest[child] as number;
      at = child;
    }
    this.#candidates[at] = candidate;
    this.#highest[at] = highest;
  }

  #isBefore(place: number, candidate: number | undefined, highest: number | undefined): boolean {
    const difference = (this.#highest[place] as number) - (highest as number);
    return (
      difference < 0 || (difference === 0 && (this.#candidates[place] as number) < (candidate as number))
    );
  }
}
