/** Gives each different token a small integer, so that texts can be compared as integer arrays. */
export class TokenIds {
  readonly #ids = new Map<string, number>();

  /** How many different tokens have been seen; ids run from 0 to `count - 1`. */
  get count(): number {
    return this.#ids.size;
  }

  /** The tokens' ids; a token that was never seen gets the next one. */
  encode(tokens: readonly string[]): Uint32Array {
    return Uint32Array.from(tokens, (token) => {
      const known = this.#ids.get(token);
      if (known !== undefined) return known;
      const id = this.#ids.size;
      this.#ids.set(token, id);
      return id;
    });
  }
}
