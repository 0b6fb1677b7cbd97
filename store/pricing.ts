/** What a call costs. Sums run in whole nano-dollars, so that a million of them is exact to the cent. */

/** List price in dollars per million tokens. */
export interface Price {
  inputUsdPerMTok: number;
  /** Prompt tokens that the provider had in its cache; the full input price where not given. */
  cachedInputUsdPerMTok?: number | undefined;
  outputUsdPerMTok: number;
}

/** Tokens of one answer, as the provider counted them. */
export interface Usage {
  promptTokens: number;
  /** Part of `promptTokens`. */
  cachedPromptTokens: number;
  completionTokens: number;
}

/** Cost in dollars, rounded to a nano-dollar; null: no price is known, so neither is the cost (never 0). */
export function costUsd(usage: Usage, price: Price | null): number | null {
  if (price === null) return null;
  const cachedPrice = price.cachedInputUsdPerMTok ?? price.inputUsdPerMTok;
  // Dollars per million tokens are thousands of nano-dollars per token.
  const nano =
    1000 *
    ((usage.promptTokens - usage.cachedPromptTokens) * price.inputUsdPerMTok +
      usage.cachedPromptTokens * cachedPrice +
      usage.completionTokens * price.outputUsdPerMTok);
  return toUsd(Math.round(nano));
}

/** Exact sum of amounts in dollars that `costUsd` gave. */
export function sumUsd(amounts: Iterable<number>): number {
  let nano = 0;
  for (const amount of amounts) nano += Math.round(amount * 1e9);
  return toUsd(nano);
}

function toUsd(nano: number): number {
  return nano / 1e9;
}
