import { allSignatureBytes, type SignatureBytes, type SignatureRows } from './chunk-lists.js';
import { type KernelMemory, Region } from './kernel-memory.js';

/** The kernel reads eight rows at a time. */
const rowsAtATime = 8;
/** Of an entry in the table of rows. */
const tableWords = 3;

/** The text that is being asked about, laid out for the kernel. One at a time: `begin`, questions, `end`. */
export class PreparedText {
  readonly #memory: KernelMemory;
  readonly #tokenList: Region;
  readonly #seen: Region;
  readonly #slots: Region;
  readonly #masks: Region;
  readonly #state: Region;
  readonly #signature: number;
  readonly #rows: Region[];
  /** Address of the table of rows, an entry for each size of signature. */
  readonly #rowTable: number;
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
    this.#signature = memory.allocate(Math.max(...allSignatureBytes));
    this.#rows = allSignatureBytes.map(() => new Region(memory));
    this.#rowTable = memory.allocate(allSignatureBytes.length * tableWords * 4);
  }

  /** `tokenCount`: every id of this text and of the others is below it. */
  begin(tokens: Uint32Array, tokenCount: number): void {
    const isSame = tokens === this.#tokens;
    this.#tokens = tokens;
    this.#words = Math.max(1, Math.ceil(tokens.length / 64));
    this.#tokenList.reserve(tokens.length * 4);
    this.#seen.reserve(tokenCount * 4);
    this.#slots.reserve(tokenCount * 4);
    // A text that is asked about is often added next.
    if (isSame) return;
    const list = this.#tokenList.address >>> 2;
    this.#memory.u32.set(tokens, list);
    this.#memory.u32.subarray(list, list + tokens.length).sort();
  }

  /** The text's rows in blocks of signatures of one size. */
  rows(bytes: SignatureBytes): SignatureRows {
    const size = allSignatureBytes.indexOf(bytes);
    const region = this.#rows[size] as Region;
    region.reserve((this.#tokens.length + rowsAtATime) * 4);
    // Padding stands before the rows.
    const address = region.address + rowsAtATime * 4;
    const { kernel } = this.#memory;
    const [tokens, seen] = [this.#tokenList.address, this.#seen.address];
    const count = kernel.listRows(tokens, this.#tokens.length, seen, bytes, this.#signature, address);
    const padding = (rowsAtATime - (count % rowsAtATime)) % rowsAtATime;
    const start = (address >>> 2) - padding;
    const { u32 } = this.#memory;
    u32.fill(bytes * 8 * 16, start, start + padding);
    u32.set([start << 2, count + padding, padding], (this.#rowTable >>> 2) + size * tableWords);
    return { address, count };
  }

  /** Lists the text's rows for the given sizes; returns the address of the table of all sizes. */
  rowTable(sizes: Iterable<SignatureBytes>): number {
    for (const bytes of sizes) this.rows(bytes);
    return this.#rowTable;
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
