/** Keeps the prompts of benchmarks out of a data set: what a model is tested with must not be in its training data. */
import { RougeLPool } from '../similarity/rouge-l-pool.js';
import { mostTokens } from '../similarity/token-table.js';
import { comparableTokens, type Tokenisation } from '../similarity/tokenise.js';
import { NgramIndex } from './ngram-index.js';
import { excerpt } from './text.js';

/** GPT-3 (arXiv 2005.14165, appendix C) calls a text contaminated that has 13 words in a row with a benchmark in common. */
export const NGRAM = 13;
/** **Ours**: the threshold at which Self-Instruct calls two instructions similar. */
export const ROUGE_L_THRESHOLD = 0.7;

export interface Contamination {
  /** Of the benchmark prompt. */
  id: string;
  kind: 'ngram' | 'rouge-l';
  /** For example `13 tokens in common: a train leaves …` or `ROUGE-L 0.812`. */
  detail: string;
}

export interface BenchmarkPrompt {
  id: string;
  text: string;
}

/** Compares texts with benchmark prompts. Memory is linear in the prompts' length. */
export class Decontaminator {
  readonly #tokenisation: Tokenisation;
  readonly #threshold: number;
  readonly #ngrams: NgramIndex;
  readonly #pool: RougeLPool;

  /**
   * `ngram`: so many tokens in a row may not be in common; prompts with fewer tokens are compared by ROUGE-L only.
   * `threshold`: ROUGE-L F above which a text is too similar to a prompt; prompts of more than 32,767 tokens are compared
   * by n-grams only.
   * @throws RangeError unless `ngram` is a whole number from 1 and `threshold` lies within 0 and 1.
   */
  constructor(options: {
    prompts: readonly BenchmarkPrompt[];
    ngram: number;
    threshold: number;
    tokenisation: Tokenisation;
  }) {
    const { prompts, ngram, threshold, tokenisation } = options;
    if (!Number.isInteger(ngram) || ngram < 1) {
      throw new RangeError(`an n-gram has a whole number of tokens from 1, not ${ngram}`);
    }
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new RangeError(`a ROUGE-L threshold lies within 0 and 1, not at ${threshold}`);
    }
    this.#tokenisation = tokenisation;
    this.#threshold = threshold;
    this.#pool = new RougeLPool({ tokenisation });
    const tokenised = prompts.map(({ id, text }) => ({
      id,
      text,
      tokens: comparableTokens(text, tokenisation),
    }));
    this.#ngrams = new NgramIndex(tokenised, ngram);
    for (const { id, text, tokens } of tokenised) if (tokens.length <= mostTokens) this.#pool.add(id, text);
  }

  /**
   * The benchmark prompt that the text is too close to: the first in the text's order with an n-gram in common, else the most
   * similar one above the threshold; null when there is none. ROUGE-L compares whole texts, so an instruction is to be
   * given without its response.
   */
  check(text: string): Contamination | null {
    const tokens = comparableTokens(text, this.#tokenisation);
    const hit = this.#ngrams.find(tokens);
    if (hit !== null) {
      const { length } = hit.tokens;
      const shared = excerpt(hit.tokens.join(' '), 120);
      return {
        id: hit.id,
        kind: 'ngram',
        detail: `${length} ${length === 1 ? 'token' : 'tokens'} in common: ${shared}`,
      };
    }
    if (tokens.length > mostTokens) return null;
    const nearest = this.#pool.nearest(text, { threshold: this.#threshold });
    return nearest && { id: nearest.id, kind: 'rouge-l', detail: `ROUGE-L ${nearest.similarity.toFixed(3)}` };
  }
}
