/** A sample of rows that come one after another, of which nobody knows beforehand how many there are. */
import { createHash } from 'node:crypto';

interface Drawn<Row> {
  hash: number;
  /** How many-th it came. */
  order: number;
  row: Row;
}

/**
 * Keeps the `size` rows whose ids have the lowest hashes under the seed: each row is as likely as any other, and the same rows
 * are drawn each time, in whatever order they come.
 */
export class SeededSample<Row> {
  /** Rows that were offered. */
  seen = 0;
  readonly #size: number;
  readonly #seed: string;
  #drawn: Drawn<Row>[] = [];
  #highest = Number.POSITIVE_INFINITY;

  constructor({ size, seed }: { size: number; seed: string }) {
    this.#size = size;
    this.#seed = seed;
  }

  /** `toRow` is called for rows that may stay only. */
  offer(id: string, toRow: () => Row): void {
    this.seen += 1;
    const hash = createHash('sha256').update(`${this.#seed} ${id}`).digest().readUIntBE(0, 6);
    if (hash >= this.#highest) return;
    this.#drawn.push({ hash, order: this.seen, row: toRow() });
    if (this.#drawn.length >= 2 * this.#size) this.#shrink(this.#size);
  }

  /** At most `count` of them, in the order in which they came. */
  rows(count = this.#size): Row[] {
    this.#shrink(Math.min(count, this.#size));
    return [...this.#drawn].sort((a, b) => a.order - b.order).map(({ row }) => row);
  }

  /** How many there are. */
  get size(): number {
    return Math.min(this.seen, this.#size);
  }

  #shrink(size: number): void {
    if (this.#drawn.length <= size) return;
    this.#drawn = this.#drawn.sort((a, b) => a.hash - b.hash || a.order - b.order).slice(0, size);
    this.#highest = this.#drawn.at(-1)?.hash ?? 0;
  }
}
