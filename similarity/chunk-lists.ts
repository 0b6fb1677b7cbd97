import type { KernelMemory } from './kernel-memory.js';

/** Entries of a block, and of a list's largest chunk: rare lengths shall not cost much, usual ones be few chunks. */
const blockEntries = 128;
const largestChunk = 4_096;
const headerBytes = 32;
/** Bytes of a block's row: a bit for each entry. */
const rowBytes = blockEntries / 8;
/** Lists of fewer tokens have a range for each length; each further doubling of the length has 32 ranges. */
const exactLengths = 64;
const rangesPerDoubling = 32;
/** Longest list of tokens that has a place in the table. */
const mostTokens = 32_767;

/** Bytes of a signature by the number of tokens: eight bits or more for each, but for the longest. Ranges are not cut. */
const signatureSizes = [
  { below: 64, bytes: 64 },
  { below: 256, bytes: 256 },
  { below: Number.POSITIVE_INFINITY, bytes: 1_024 },
] as const;

export type SignatureBytes = (typeof signatureSizes)[number]['bytes'];

export const allSignatureBytes = signatureSizes.map(({ bytes }) => bytes);

/** Bytes of the signatures that lists of this length are looked up by. */
export function signatureBytes(length: number): SignatureBytes {
  return (signatureSizes.find(({ below }) => length < below) as (typeof signatureSizes)[number]).bytes;
}

/** The rows of a token list in a block, as the kernel's `listRows` writes them. */
export interface SignatureRows {
  address: number;
  count: number;
}

/** The pool's entries by their number of tokens, laid out as `kernel/scan.ts` describes. */
export class ChunkLists {
  /** Address of the table by range of lengths. */
  readonly table: number;
  shortest = Number.POSITIVE_INFINITY;
  longest = 0;
  readonly #memory: KernelMemory;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.table = memory.allocate((rangeOf(mostTokens) + 1) * 4);
  }

  /** `rows`: of a signature of `signatureBytes(length)`. */
  add({ entry, length, rows }: { entry: number; length: number; rows: SignatureRows }): void {
    const bytes = signatureBytes(length);
    const chunk = this.#roomyChunk(rangeOf(length), bytes);
    const { u32, kernel } = this.#memory;
    const header = chunk >>> 2;
    const used = u32[header + 1] as number;
    const capacity = u32[header + 2] as number;
    u32[((chunk + headerBytes) >>> 2) + used] = entry;
    const block = Math.floor(used / blockEntries);
    const address = chunk + headerBytes + capacity * 4 + block * blockBytes(bytes);
    kernel.placeRows(rows.address, rows.count, address, used % blockEntries);
    u32[header + 1] = used + 1;
    u32[header + 4] = used === 0 ? length : Math.min(u32[header + 4] as number, length);
    u32[header + 5] = Math.max(u32[header + 5] as number, length);
    this.shortest = Math.min(this.shortest, length);
    this.longest = Math.max(this.longest, length);
  }

  /** The newest chunk stands first in its list, so that it is found at once. */
  #roomyChunk(range: number, bytes: number): number {
    const at = (this.table >>> 2) + range;
    const newest = this.#memory.u32[at] as number;
    const capacity = newest === 0 ? 0 : (this.#memory.u32[(newest >>> 2) + 2] as number);
    if (newest !== 0 && (this.#memory.u32[(newest >>> 2) + 1] as number) < capacity) return newest;
    const next = Math.min(largestChunk, capacity === 0 ? blockEntries : capacity * 2);
    const blocks = (next / blockEntries) * blockBytes(bytes);
    const chunk = this.#memory.allocate(headerBytes + next * 4 + blocks);
    const { u32 } = this.#memory;
    u32.set([newest, 0, next, bytes], chunk >>> 2);
    u32[at] = chunk;
    return chunk;
  }
}

/** Number of the range that a length belongs to; a longer one never belongs to a lower. */
export function rangeOf(length: number): number {
  if (length < exactLengths) return length;
  const doublings = 31 - Math.clz32(length / exactLengths);
  const width = (exactLengths << doublings) / rangesPerDoubling;
  return (
    exactLengths + doublings * rangesPerDoubling + Math.floor((length % (exactLengths << doublings)) / width)
  );
}

/** A row for each bit of a signature, and one of 0. */
function blockBytes(bytes: number): number {
  return (bytes * 8 + 1) * rowBytes;
}
