import { allSignatureBytes, type SignatureBytes } from './chunk-lists.js';
import { type KernelMemory, Region } from './kernel-memory.js';

/** The text that is being asked about, laid out for the kernel. One at a time: `begin`, questions, `end`. */
export class PreparedText {
  readonly #memory: KernelMemory;
  readonly #tokenList: Region;
  readonly #seen: Region;
  readonly #slots: Region;
  readonly #masks: Region;
  readonly #state: Region;
  /** Address of the table of the signatures' addresses, one for each size. */
  readonly #signatures: number;
  #tokens: Uint32Array = new Uint32Array();
  #words = 1;
  /** Whether `#slots` and `#masks` hold the text. */
  #isLaidOut = false;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#tokenList = new Region(memory);
    this.#seen = new Region(memory);
    this.#slots = new Region(memory);
    this.#masks = new Region(memory);
    this.#state = new Region(memory);
    const addresses = allSignatureBytes.map((bytes) => memory.allocate(bytes));
    this.#signatures = memory.allocate(addresses.length * 4);
    memory.u32.set(addresses, this.#signatures >>> 2);
  }

  /** `tokenCount`: every id of this text and of the others is below it. */
  begin(tokens: Uint32Array, tokenCount: number): void {
    this.#tokens = tokens;
    this.#words = Math.max(1, Math.ceil(tokens.length / 64));
    this.#tokenList.reserve(tokens.length * 4);
    this.#seen.reserve(tokenCount * 4);
    this.#slots.reserve(tokenCount * 4);
    this.#memory.u32.set(tokens, this.#tokenList.address >>> 2);
  }

  /** Address of the text's signature of one size. */
  signature(bytes: SignatureBytes): number {
    const address = this.#memory.u32[(this.#signatures >>> 2) + allSignatureBytes.indexOf(bytes)] as number;
    const { kernel } = this.#memory;
    kernel.writeSignature(this.#tokenList.address, this.#tokens.length, this.#seen.address, address, bytes);
    return address;
  }

  /** Writes the text's signatures of the given sizes; returns the address of the table of all sizes. */
  signatures(sizes: Iterable<SignatureBytes>): number {
    for (const bytes of sizes) this.signature(bytes);
    return this.#signatures;
  }

  /** Length of the longest common subsequence with the token list at an address. */
  lcs(tokens: number, length: number): number {
    this.#layOut();
    const { kernel } = this.#memory;
    const [slots, masks, state] = [this.#slots.address, this.#masks.address, this.#state.address];
    return kernel.lcs(tokens, length, slots, masks, this.#words, state);
  }

  /** Writes the F-measures with `count` entries to `found`; the rest is as the kernel's `similarities` wants it. */
  similarities(options: { table: number; asked: number; count: number; found: number }): void {
    this.#layOut();
    const { table, asked, count, found } = options;
    const { kernel } = this.#memory;
    const [slots, masks, state] = [this.#slots.address, this.#masks.address, this.#state.address];
    const { length } = this.#tokens;
    kernel.similarities(table, asked, count, length, slots, masks, this.#words, state, found);
  }

  /** Takes the text out of the table of slots again, which is 0 for all other tokens at any time. */
  end(): void {
    if (!this.#isLaidOut) return;
    const { u32 } = this.#memory;
    const slots = this.#slots.address >>> 2;
    for (const token of this.#tokens) u32[slots + token] = 0;
    this.#isLaidOut = false;
  }

  #layOut(): void {
    if (this.#isLaidOut) return;
    this.#isLaidOut = true;
    const words = this.#words;
    this.#masks.reserve((this.#tokens.length + 1) * words * 8);
    this.#state.reserve(words * 8);
    const { u32 } = this.#memory;
    const slots = this.#slots.address >>> 2;
    const masks = this.#masks.address >>> 2;
    const tokens = this.#tokens;
    let used = 0;
    for (let place = 0; place < tokens.length; place += 1) {
      const token = tokens[place] as number;
      let slot = u32[slots + token] as number;
      if (slot === 0) {
        used += 1;
        slot = used;
        u32[slots + token] = slot;
        u32.fill(0, masks + slot * words * 2, masks + (slot + 1) * words * 2);
      }
      // A mask is little-endian, so that its 64-bit words can be written in halves.
      const half = masks + slot * words * 2 + (place >>> 5);
      u32[half] = (u32[half] as number) | (1 << (place & 31));
    }
  }
}
