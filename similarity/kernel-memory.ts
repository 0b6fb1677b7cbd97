/** The compiled inner loops (`kernel/kernel.ts`) with a memory of their own, which grows and never shrinks. */
import { readFileSync } from 'node:fs';

/** As `kernel/` describes them; addresses and counts are 32-bit integers. */
export interface Kernel {
  tokenCount(): number;
  tokenBytesTop(): number;
  setTokenBytes(top: number): void;
  setTokenTable(table: number, places: number, entries: number): void;
  internToken(at: number, length: number): number;
  tokenise(text: number, length: number, ids: number): number;
  listRows(
    tokens: number,
    length: number,
    seen: number,
    bytes: number,
    signature: number,
    rows: number,
  ): number;
  placeRows(rows: number, count: number, block: number, place: number): void;
  scanPool(
    chunks: number,
    first: number,
    last: number,
    length: number,
    similarity: number,
    rows: number,
    counters: number,
    found: number,
  ): number;
  lcs(tokens: number, length: number, slots: number, masks: number, words: number, state: number): number;
  similarities(
    table: number,
    asked: number,
    count: number,
    length: number,
    slots: number,
    masks: number,
    words: number,
    state: number,
    found: number,
  ): void;
  finishRow(row: number, components: number): number;
  cosine(a: number, b: number, components: number): number;
  roundVector(row: number, components: number, rounded: number): number;
  placeVector(rounded: number, components: number, chunk: number, blocks: number, place: number): void;
  scanVectors(
    chunk: number,
    blocks: number,
    vectors: number,
    components: number,
    rounded: number,
    limits: number,
    limitStep: number,
    slack: number,
    found: number,
  ): number;
}

const pageBytes = 65_536;
/** Addresses have 32 bits. */
const mostPages = 65_536;

/** Compiled by `npm run build`, for the compiled program and for its sources alike. */
const file = import.meta.url.endsWith('.ts') ? '../dist/similarity/kernel.wasm' : './kernel.wasm';
const module = new WebAssembly.Module(readKernel(new URL(file, import.meta.url)));

export class KernelMemory {
  readonly kernel: Kernel;
  /** Views of the whole memory; others after each `allocate`. */
  u8!: Uint8Array;
  u32!: Uint32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  readonly #memory: WebAssembly.Memory;
  /** Address 0 stays free: in the kernel's tables it means nothing. */
  #top = 16;

  constructor() {
    this.#memory = new WebAssembly.Memory({ initial: 4, maximum: mostPages });
    const abort = () => {
      throw new Error('the similarity kernel was aborted');
    };
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory, abort } });
    this.kernel = instance.exports as unknown as Kernel;
    this.#renewViews();
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Address of so many new bytes, all 0, at a multiple of 16.
   * @throws RangeError when 4 GB are full.
   */
  allocate(bytes: number): number {
    const address = this.#top;
    const end = address + Math.ceil(bytes / 16) * 16;
    const pages = Math.ceil(end / pageBytes);
    const present = this.#memory.buffer.byteLength / pageBytes;
    if (pages > mostPages) throw new RangeError('the index is too large: it would need more than 4 GB');
    if (pages > present) {
      // An eighth more each time: views have to be renewed, but nothing is copied.
      this.#memory.grow(Math.min(mostPages, Math.max(pages, Math.ceil(present * 1.125))) - present);
      this.#renewViews();
    }
    this.#top = end;
    return address;
  }

  #renewViews(): void {
    const { buffer } = this.#memory;
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }
}

/** A part of the memory that grows; what was in it is lost then, and all of the new part is 0. */
export class Region {
  address = 0;
  #bytes = 0;
  readonly #memory: KernelMemory;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  reserve(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#bytes = Math.max(bytes, this.#bytes * 2, 256);
    this.address = this.#memory.allocate(this.#bytes);
  }
}

function readKernel(file: URL): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`the similarity kernel is not built (${file.pathname}): run "npm run build"`, {
      cause: error,
    });
  }
}
