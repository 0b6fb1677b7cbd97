import { type KernelMemory, Region } from './kernel-memory.js';
import { comparableTokens, type Tokenisation } from './tokenise.js';

/** Positions of a list are packed with it in 32 bits here and there; no text worth comparing comes near. */
export const mostTokens = 32_767;
const bytesOfEntry = 12;
/** A UTF-16 code unit becomes at most so many bytes of UTF-8. */
const bytesPerUnit = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Turns texts into lists of small integers: equal tokens have equal ids, in the order in which they were first seen. */
export class TokenTable {
  readonly #memory: KernelMemory;
  readonly #tokenisation: Tokenisation;
  readonly #text: Region;
  readonly #ids: Region;
  /** Tokens that fit, and the end of the room for their bytes. */
  #capacity = 0;
  #entries = 0;
  #bytesEnd = 0;

  constructor(memory: KernelMemory, tokenisation: Tokenisation) {
    this.#memory = memory;
    this.#tokenisation = tokenisation;
    this.#text = new Region(memory);
    this.#ids = new Region(memory);
  }

  get count(): number {
    return this.#memory.kernel.tokenCount();
  }

  /**
   * The ids of a text's `comparableTokens`.
   * @throws RangeError when there are more than can be compared.
   */
  encode(text: string): Uint32Array {
    const ids = this.#encodeAscii(text) ?? this.encodeTokens(comparableTokens(text, this.#tokenisation));
    if (ids.length > mostTokens) {
      throw new RangeError(
        `a text of ${ids.length} tokens is too long to be compared; ${mostTokens} is the most`,
      );
    }
    return ids;
  }

  encodeTokens(tokens: readonly string[]): Uint32Array {
    return Uint32Array.from(tokens, (token) => this.#intern(token));
  }

  /** Every token, by its id. */
  words(): string[] {
    const { u8, u32 } = this.#memory;
    return Array.from({ length: this.count }, (_, id) => {
      const entry = (this.#entries + id * bytesOfEntry) >>> 2;
      const at = u32[entry + 1] as number;
      return decoder.decode(u8.subarray(at, at + (u32[entry + 2] as number)));
    });
  }

  /** The usual case, whole in the kernel; null where `comparableTokens` has to decide. */
  #encodeAscii(text: string): Uint32Array | null {
    if (this.#tokenisation !== 'rouge') return null;
    const lower = text.toLowerCase();
    const most = lower.length * bytesPerUnit;
    this.#text.reserve(most);
    const written = encoder.encodeInto(
      lower,
      this.#memory.u8.subarray(this.#text.address, this.#text.address + most),
    ).written;
    // Every second byte can be a token of its own.
    const mostIds = (written >>> 1) + 1;
    this.#ids.reserve(mostIds * 4);
    this.#makeRoom({ tokens: mostIds, bytes: written });
    const length = this.#memory.kernel.tokenise(this.#text.address, written, this.#ids.address);
    const start = this.#ids.address >>> 2;
    return length === 0 ? null : this.#memory.u32.slice(start, start + length);
  }

  #intern(token: string): number {
    const most = token.length * bytesPerUnit;
    this.#text.reserve(most);
    const written = encoder.encodeInto(
      token,
      this.#memory.u8.subarray(this.#text.address, this.#text.address + most),
    ).written;
    this.#makeRoom({ tokens: 1, bytes: written });
    return this.#memory.kernel.internToken(this.#text.address, written);
  }

  #makeRoom({ tokens, bytes }: { tokens: number; bytes: number }): void {
    const { kernel } = this.#memory;
    const needed = kernel.tokenCount() + tokens;
    if (needed > this.#capacity) {
      let capacity = Math.max(1_024, this.#capacity * 2);
      while (capacity < needed) capacity *= 2;
      // At most half full, so that a search is short.
      const places = capacity * 2;
      const table = this.#memory.allocate(places * 4);
      const entries = this.#memory.allocate(capacity * bytesOfEntry);
      kernel.setTokenTable(table, places, entries);
      this.#capacity = capacity;
      this.#entries = entries;
    }
    const top = kernel.tokenBytesTop();
    if (top + bytes > this.#bytesEnd) {
      const room = Math.max(65_536, bytes);
      const address = this.#memory.allocate(room);
      kernel.setTokenBytes(address);
      this.#bytesEnd = address + room;
    }
  }
}
