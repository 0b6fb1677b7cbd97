import { type ListPrice, priceLists } from './list-prices.js';
import type { Price } from './pricing.js';

/** What a teacher's calls cost in the mode in which they are made; null: nobody knows. */
export function priceOf(teacher: {
  /** From the recipe, which goes before the table. */
  price: ListPrice | null;
  /** `teacherIdentity` of the base URL alone: a name that a recipe gives its teacher says nothing of prices. */
  endpoint: string;
  model: string;
  mode: 'online' | 'batch';
}): Price | null {
  const price = teacher.price ?? knownPrice(teacher);
  if (price === null) return null;
  const { batch, ...list } = price;
  return teacher.mode === 'batch' ? (batch ?? halfOf(list)) : list;
}

/** The price that the endpoint's provider publishes; null when the table has none. */
export function knownPrice({ endpoint, model }: { endpoint: string; model: string }): ListPrice | null {
  const models = priceLists.find((list) => list.endpoint === endpoint)?.models ?? {};
  const family = model.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  const name = [model, family].find((name) => Object.hasOwn(models, name));
  return name === undefined ? null : (models[name] ?? null);
}

function halfOf({ inputUsdPerMTok, cachedInputUsdPerMTok, outputUsdPerMTok }: Price): Price {
  return {
    inputUsdPerMTok: inputUsdPerMTok / 2,
    ...(cachedInputUsdPerMTok !== undefined && { cachedInputUsdPerMTok: cachedInputUsdPerMTok / 2 }),
    outputUsdPerMTok: outputUsdPerMTok / 2,
  };
}
