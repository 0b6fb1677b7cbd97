/** What the attempts of one scheduled call may have cost, so that it never spends more than was reserved for it. */
import type { Attempt, Intent, Outcome } from '../store/ledger.js';
import { sumUsd } from '../store/pricing.js';
import type { Spend } from './types.js';

/** The requests of one scheduling of a call have used up what was reserved for them. */
export class ReservationSpent extends Error {
  override readonly name = 'ReservationSpent';
}

/** One scheduling's requests. Each counts at its highest cost until its bill is known. */
export class SpendBook {
  private readonly attempts = new Map<string, Attempt>();
  private readonly maxRequests: number;

  /** `earlier`: attempts that other processes made. */
  constructor(options: { maxRequests: number; earlier: readonly Attempt[] }) {
    this.maxRequests = options.maxRequests;
    for (const attempt of options.earlier) this.attempts.set(attempt.intent.attemptId, attempt);
  }

  /** Call before a request's intent is written. @throws ReservationSpent when none is left. */
  checkAnother(): void {
    if (this.spend().calls >= this.maxRequests) throw new ReservationSpent();
  }

  intend(intent: Intent): void {
    this.attempts.set(intent.attemptId, { intent, outcome: null });
  }

  settle(outcome: Outcome): void {
    const attempt = this.attempts.get(outcome.attemptId);
    if (attempt) attempt.outcome = outcome;
  }

  spend(): Spend {
    return sumSpend([...this.attempts.values()].map(spendOf));
  }
}

/** The books of the calls that this process is busy with. */
export class SpendBooks {
  private readonly books = new Map<string, SpendBook>();

  /**
   * The book of a scheduled call. With a limit, earlier attempts that other processes made are read from the ledger:
   * they may have died between intent and outcome.
   */
  async open(options: {
    activity: string;
    attempt: number;
    maxRequests: number | undefined;
    readAttempts: () => Promise<readonly Attempt[]>;
  }): Promise<SpendBook> {
    const { activity, attempt, maxRequests = Number.POSITIVE_INFINITY, readAttempts } = options;
    const known = this.books.get(activity);
    if (known) return known;
    const isFirst = attempt === 1 || maxRequests === Number.POSITIVE_INFINITY;
    const all = isFirst ? [] : await readAttempts();
    const earlier = all.filter(({ intent }) => intent.activity === activity);
    const book = this.books.get(activity) ?? new SpendBook({ maxRequests, earlier });
    this.books.set(activity, book);
    return book;
  }

  /** The call has its result, or another process goes on with it. */
  close(activity: string): void {
    this.books.delete(activity);
  }
}

/** What an attempt may have cost. */
export function spendOf({ intent, outcome }: Attempt): Spend {
  if (outcome?.bill === 'known') {
    if (outcome.usage === null) return { calls: 0, tokens: 0, usd: 0 };
    const tokens = outcome.usage.promptTokens + outcome.usage.completionTokens;
    return { calls: 1, tokens, usd: outcome.costUsd };
  }
  const { prompt, completion } = intent.highestTokens;
  return { calls: 1, tokens: prompt + completion, usd: intent.highestUsd };
}

/** Several together; unknown dollars make the sum unknown. */
export function sumSpend(spends: readonly Spend[]): Spend {
  const usd = spends.map((spend) => spend.usd);
  return {
    calls: spends.reduce((sum, { calls }) => sum + calls, 0),
    tokens: spends.reduce((sum, { tokens }) => sum + tokens, 0),
    usd: usd.includes(null) ? null : sumUsd(usd as number[]),
  };
}
