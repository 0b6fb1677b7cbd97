import type { KernelMemory } from './kernel-memory.js';

const bytesOfEntry = 8;

/** Where each entry's tokens lie and how many they are, in the order of adding, as the kernel wants it. */
export class EntryTable {
  /** Address of the table: u32 address, u32 number of tokens for each entry. Another one after it has grown. */
  address = 0;
  size = 0;
  #capacity = 0;
  readonly #memory: KernelMemory;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** Copies a text's tokens into the memory. */
  add(tokens: Uint32Array): void {
    if (this.size === this.#capacity) this.#grow();
    const address = this.#memory.allocate(tokens.length * 4);
    const { u32 } = this.#memory;
    u32.set(tokens, address >>> 2);
    const at = this.#placeOf(this.size);
    u32[at] = address;
    u32[at + 1] = tokens.length;
    this.size += 1;
  }

  addressOf(entry: number): number {
    return this.#memory.u32[this.#placeOf(entry)] as number;
  }

  lengthOf(entry: number): number {
    return this.#memory.u32[this.#placeOf(entry) + 1] as number;
  }

  /** A copy of an entry's tokens. */
  tokensOf(entry: number): Uint32Array {
    const start = this.addressOf(entry) >>> 2;
    return this.#memory.u32.slice(start, start + this.lengthOf(entry));
  }

  #placeOf(entry: number): number {
    return (this.address + entry * bytesOfEntry) >>> 2;
  }

  /** By a half each time: what is left behind stays smaller than twice the table. */
  #grow(): void {
    const capacity = Math.max(1_024, Math.ceil(this.#capacity * 1.5));
    const address = this.#memory.allocate(capacity * bytesOfEntry);
    this.#memory.u8.copyWithin(address, this.address, this.address + this.size * bytesOfEntry);
    this.address = address;
    this.#capacity = capacity;
  }
}
