import type { KernelMemory } from './kernel-memory.js';

/** Entries of a list's first chunk, and of the largest: rare lengths shall not cost much, usual ones be few chunks. */
const firstChunk = 16;
const largestChunk = 4_096;
const headerBytes = 16;
/** Longest list of tokens that has a place in the table. */
const mostTokens = 32_767;

/** Bytes of a signature by the number of tokens: about two bits for each of the longest list. */
const signatureSizes = [
  { longest: 64, bytes: 16 },
  { longest: 256, bytes: 64 },
  { longest: 1_024, bytes: 256 },
  { longest: Number.POSITIVE_INFINITY, bytes: 1_024 },
] as const;

export type SignatureBytes = (typeof signatureSizes)[number]['bytes'];

export const allSignatureBytes = signatureSizes.map(({ bytes }) => bytes);

/** Bytes of the signatures that lists of this length are looked up by. */
export function signatureBytes(length: number): SignatureBytes {
  return (signatureSizes.find(({ longest }) => length <= longest) as (typeof signatureSizes)[number]).bytes;
}

/** The pool's entries by their number of tokens, laid out as `kernel/scan.ts` describes. */
export class ChunkLists {
  /** Address of the table by number of tokens. */
  readonly table: number;
  shortest = Number.POSITIVE_INFINITY;
  longest = 0;
  readonly #memory: KernelMemory;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.table = memory.allocate((mostTokens + 1) * 4);
  }

  /** `signature`: address of `signatureBytes(length)` bytes. */
  add({ entry, length, signature }: { entry: number; length: number; signature: number }): void {
    const bytes = signatureBytes(length);
    const chunk = this.#roomyChunk(length, bytes);
    const { u8, u32 } = this.#memory;
    const used = u32[(chunk >>> 2) + 1] as number;
    const capacity = u32[(chunk >>> 2) + 2] as number;
    u32[((chunk + headerBytes) >>> 2) + used] = entry;
    const blocks = chunk + headerBytes + capacity * 4;
    const place = blocks + (used >>> 4) * bytes * 16 + (used & 15);
    for (let k = 0; k < bytes; k += 1) u8[place + k * 16] = u8[signature + k] as number;
    u32[(chunk >>> 2) + 1] = used + 1;
    this.shortest = Math.min(this.shortest, length);
    this.longest = Math.max(this.longest, length);
  }

  /** The newest chunk stands first in its list, so that it is found at once. */
  #roomyChunk(length: number, bytes: number): number {
    const at = (this.table >>> 2) + length;
    const newest = this.#memory.u32[at] as number;
    const capacity = newest === 0 ? 0 : (this.#memory.u32[(newest >>> 2) + 2] as number);
    if (newest !== 0 && (this.#memory.u32[(newest >>> 2) + 1] as number) < capacity) return newest;
    const next = Math.min(largestChunk, capacity === 0 ? firstChunk : capacity * 4);
    const chunk = this.#memory.allocate(headerBytes + next * 4 + next * bytes);
    const { u32 } = this.#memory;
    u32.set([newest, 0, next, bytes], chunk >>> 2);
    u32[at] = chunk;
    return chunk;
  }
}
