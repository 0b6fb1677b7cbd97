/** A growing pool of texts that answers: which of you is most similar to this one? */
import type { NearestNeighbour } from '../activities/types.js';
import type { Tokenisation } from './tokenise.js';

/** Exact nearest neighbour by ROUGE-L F-measure, with the verdicts of rouge_score. */
export class RougeLPool {
  readonly tokenisation: Tokenisation;

  constructor(options: { tokenisation: Tokenisation }) {
    this.tokenisation = options.tokenisation;
  }

  /** How many texts are in the pool. */
  get size(): number {
    throw new Error('not written yet');
  }

  /** Adds a text; ids need not be unique. */
  add(id: string, text: string): void {
    throw new Error(`not written yet ${id} ${text}`);
  }

  /**
   * The most similar text of the pool, the first added among equals; null for an empty pool. With `threshold`, only
   * a neighbour strictly above it is looked for (faster), and null means that there is none.
   */
  nearest(text: string, options: { threshold?: number } = {}): NearestNeighbour | null {
    throw new Error(`not written yet ${text} ${options.threshold}`);
  }
}
