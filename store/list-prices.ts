/**
 * Prices that providers publish, in dollars per million tokens, keyed to the endpoint where they hold: the same model
 * name elsewhere (Azure, a proxy, a regional host) has another price or none. A recipe's `price` goes before them.
 *
 * Read them again before a large run: providers change prices, this file does not.
 */
import type { Price } from './pricing.js';

/** A price as a recipe or a provider gives it: list prices, and those of the Batch API. */
export interface ListPrice extends Price {
  /** Half of the list prices where not given. */
  batch?: Price | undefined;
}

export interface PriceList {
  /** As `teacherIdentity` writes a base URL. */
  endpoint: string;
  /** Where the prices are published. */
  source: string;
  /** When they were looked up, ISO 8601. */
  asOf: string;
  /** By model; a dated snapshot (`gpt-4o-mini-2024-07-18`) that is not listed has the price of its family. */
  models: Record<string, ListPrice>;
}

/**
 * OpenAI, standard and Batch rates for text. The page itself could not be opened when this was written: the figures
 * are those in which LiteLLM's price file (2026-07-24) and several guides that quote the page (March to July 2026) agree.
 * Batch rates of models before GPT-5 know no discount for cached input. Embedding models: from the models' own pages.
 *
 * Left out on purpose: GPT-5.6 and later, whose prices have changed since and which also bill for writing to the
 * cache; models that have no endpoint for chats, completions or embeddings; fine-tuned models. GPT-5.4 and 5.5 cost
 * more for prompts of over 272,000 tokens, which no prompt of seedmill's reaches.
 */
const openAi: PriceList = {
  endpoint: 'url:https://api.openai.com/v1',
  source: 'https://developers.openai.com/api/docs/pricing',
  asOf: '2026-07-24',
  models: {
    'gpt-5.5': withCachedBatch(5, 0.5, 30),
    'gpt-5.4': withCachedBatch(2.5, 0.25, 15),
    'gpt-5.4-mini': withCachedBatch(0.75, 0.075, 4.5),
    'gpt-5.4-nano': withCachedBatch(0.2, 0.02, 1.25),
    'gpt-5.2': withCachedBatch(1.75, 0.175, 14),
    'gpt-5.1': withCachedBatch(1.25, 0.125, 10),
    'gpt-5': withCachedBatch(1.25, 0.125, 10),
    'gpt-5-mini': withCachedBatch(0.25, 0.025, 2),
    'gpt-5-nano': withCachedBatch(0.05, 0.005, 0.4),
    'gpt-4.1': withPlainBatch(2, 0.5, 8),
    'gpt-4.1-mini': withPlainBatch(0.4, 0.1, 1.6),
    'gpt-4.1-nano': withPlainBatch(0.1, 0.025, 0.4),
    'gpt-4o': withPlainBatch(2.5, 1.25, 10),
    'gpt-4o-2024-05-13': withPlainBatch(5, null, 15),
    'gpt-4o-mini': withPlainBatch(0.15, 0.075, 0.6),
    o3: withPlainBatch(2, 0.5, 8),
    'o3-mini': withPlainBatch(1.1, 0.55, 4.4),
    'o4-mini': withPlainBatch(1.1, 0.275, 4.4),
    'gpt-4-turbo': withPlainBatch(10, null, 30),
    'gpt-4': withPlainBatch(30, null, 60),
    'gpt-4-0613': withPlainBatch(30, null, 60),
    'gpt-3.5-turbo': withPlainBatch(0.5, null, 1.5),
    'gpt-3.5-turbo-0125': withPlainBatch(0.5, null, 1.5),
    'text-embedding-3-small': withPlainBatch(0.02, null, 0),
    'text-embedding-3-large': withPlainBatch(0.13, null, 0),
    'text-embedding-ada-002': withPlainBatch(0.1, null, 0),
  },
};

export const priceLists: readonly PriceList[] = [openAi];

/** Batches cost half, cached input too. */
function withCachedBatch(input: number, cachedInput: number, output: number): ListPrice {
  return {
    inputUsdPerMTok: input,
    cachedInputUsdPerMTok: cachedInput,
    outputUsdPerMTok: output,
    batch: {
      inputUsdPerMTok: input / 2,
      cachedInputUsdPerMTok: cachedInput / 2,
      outputUsdPerMTok: output / 2,
    },
  };
}

/** Batches cost half, whether input was cached or not. */
function withPlainBatch(input: number, cachedInput: number | null, output: number): ListPrice {
  return {
    inputUsdPerMTok: input,
    ...(cachedInput !== null && { cachedInputUsdPerMTok: cachedInput }),
    outputUsdPerMTok: output,
    batch: { inputUsdPerMTok: input / 2, outputUsdPerMTok: output / 2 },
  };
}
