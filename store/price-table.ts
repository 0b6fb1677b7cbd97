import type { Price } from './pricing.js';

/** A price as a recipe gives it: list prices, and those of the Batch API. */
export interface ListPrice extends Price {
  /** Half of the list prices where not given. */
  batch?: Price | undefined;
}

/** What a teacher's calls cost in the mode in which they are made; null: nobody knows. */
export function priceOf(teacher: {
  /** From the recipe. */
  price: ListPrice | null;
  identity: string;
  model: string;
  mode: 'online' | 'batch';
}): Price | null {
  const { price, mode } = teacher;
  if (price === null) return null;
  const { batch, ...list } = price;
  return mode === 'batch' ? (batch ?? halfOf(list)) : list;
}

function halfOf({ inputUsdPerMTok, cachedInputUsdPerMTok, outputUsdPerMTok }: Price): Price {
  return {
    inputUsdPerMTok: inputUsdPerMTok / 2,
    ...(cachedInputUsdPerMTok !== undefined && { cachedInputUsdPerMTok: cachedInputUsdPerMTok / 2 }),
    outputUsdPerMTok: outputUsdPerMTok / 2,
  };
}
