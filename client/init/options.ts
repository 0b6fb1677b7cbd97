/** What `seedmill init` takes on the command line; light, since every command loads it. */
import type { Recipe } from '../../activities/recipe.js';

export const methods = [
  'sedi',
  'self-instruct',
  'skillmix',
  'deita',
  'evolve',
] as const satisfies Recipe['method'][];
export type Method = (typeof methods)[number];

/** Asked of OpenAI where nobody names another. */
export const usualModel = 'gpt-4.1-mini';

export const budgetUnits = ['usd', 'calls', 'tokens'] as const;

export interface Budget {
  unit: (typeof budgetUnits)[number];
  amount: number;
}

/** What the command line gives; a key that is not there has not been said. */
export interface Given {
  method?: Method;
  /** `local`, `openai` or an address. */
  teacher?: string;
  model?: string;
  target?: number;
  budget?: Budget;
  data?: string;
  seeds?: string;
}

/** `5`, `usd=5`, `calls=2000` or `tokens=1000000`; null: none of these. */
export function budgetOf(text: string): Budget | null {
  const [, unit = 'usd', number = ''] =
    /^(?:(usd|calls|tokens)=)?\$?(\d+(?:\.\d+)?)$/.exec(text.trim()) ?? [];
  const amount = Number(number);
  if (number === '' || amount <= 0) return null;
  if (unit !== 'usd' && !Number.isSafeInteger(amount)) return null;
  return { unit: unit as Budget['unit'], amount };
}

/** An address that a teacher can have. */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
