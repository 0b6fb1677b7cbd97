import type { Attempt } from './ledger.js';
import { sumUsd } from './pricing.js';

/** Sums of a ledger. Every attempt is in exactly one of `answered`, `failed` and `unknown`. */
export interface LedgerSums {
  /** Requests that were sent or about to be. */
  sent: number;
  /** Paid for with a known usage, usable or not, duplicates included. */
  answered: number;
  /** Certainly not billed. */
  failed: number;
  /** Perhaps billed: no outcome, no response, or an answer without usage. */
  unknown: number;
  /** Of `answered`: another attempt's answer was stored first. */
  duplicates: number;
  tokens: {
    prompt: number;
    completion: number;
    /** Highest number that the unknown attempts can have used. */
    unknown: number;
  };
  /** Exact; null as soon as one answered attempt has no known price. */
  knownUsd: number | null;
  /** Highest cost of the unknown attempts; null as soon as one of them has no known price. */
  unknownUsd: number | null;
}

/** The bill lies between `knownUsd` and `knownUsd + unknownUsd`. */
export function sumLedger(attempts: readonly Attempt[]): LedgerSums {
  const sums: LedgerSums = {
    sent: attempts.length,
    answered: 0,
    failed: 0,
    unknown: 0,
    duplicates: 0,
    tokens: { prompt: 0, completion: 0, unknown: 0 },
    knownUsd: null,
    unknownUsd: null,
  };
  const known: (number | null)[] = [];
  const unknown: (number | null)[] = [];
  for (const { intent, outcome } of attempts) {
    if (outcome === null || outcome.bill === 'unknown') {
      sums.unknown += 1;
      sums.tokens.unknown += intent.highestTokens.prompt + intent.highestTokens.completion;
      unknown.push(intent.highestUsd);
    } else if (outcome.usage === null) {
      sums.failed += 1;
    } else {
      sums.answered += 1;
      if (outcome.kind === 'duplicate') sums.duplicates += 1;
      sums.tokens.prompt += outcome.usage.promptTokens;
      sums.tokens.completion += outcome.usage.completionTokens;
      known.push(outcome.costUsd);
    }
  }
  sums.knownUsd = sumKnown(known);
  sums.unknownUsd = sumKnown(unknown);
  return sums;
}

function sumKnown(amounts: (number | null)[]): number | null {
  return amounts.some((amount) => amount === null) ? null : sumUsd(amounts as number[]);
}
