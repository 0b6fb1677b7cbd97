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
  private readonly reserved: Spend | null;

  /** `reserved`: most that they may cost together; null: there is no limit. `earlier`: what other processes sent. */
  constructor(options: { reserved: Spend | null; earlier: readonly Attempt[] }) {
    this.reserved = options.reserved;
    for (const attempt of options.earlier) this.attempts.set(attempt.intent.attemptId, attempt);
  }

  /**
   * A request is about to be sent.
   * @throws ReservationSpent when it might cost more than is left. The first one never does: it is what was reserved for.
   */
  intend(intent: Intent): void {
    const attempt: Attempt = { intent, outcome: null };
    const spend = this.spend();
    if (
      this.reserved !== null &&
      spend.calls > 0 &&
      !fitsIn(sumSpend([spend, spendOf(attempt)]), this.reserved)
    )
      throw new ReservationSpent();
    this.attempts.set(intent.attemptId, attempt);
  }

  /** It was not sent after all. */
  withdraw({ attemptId }: Intent): void {
    this.attempts.delete(attemptId);
  }

  settle(outcome: Outcome): void {
    const attempt = this.attempts.get(outcome.attemptId);
    if (attempt) attempt.outcome = outcome;
  }

  spend(): Spend {
    return sumSpend([...this.attempts.values()].map(spendOf));
  }

  /** Requests that the endpoint left without an answer: not those that it refused or asked to come back later. */
  get failures(): number {
    const outcomes = [...this.attempts.values()].map(({ outcome }) => outcome);
    return outcomes.filter((outcome) => outcome?.kind === 'failed' && !refusals.has(outcome.status)).length;
  }
}

/** Of these a failed request was refused for a parameter, or sent back for a while. */
const refusals = new Set<number | null>([400, 422, 429]);

/** Calls that wait for another attempt; far more than one process has at a time. */
const booksKept = 10_000;

/** The books of the calls that this process is busy with. */
export class SpendBooks {
  private readonly books = new Map<string, { book: SpendBook; attempt: number }>();

  /**
   * The book of a scheduled call. Where it `matters`, attempts that other processes made are read from the ledger: they
   * may have died between intent and outcome.
   */
  async open(options: {
    activity: string;
    attempt: number;
    reserved: Spend | null;
    matters: boolean;
    readAttempts: () => Promise<readonly Attempt[]>;
  }): Promise<SpendBook> {
    const { activity, attempt, reserved, matters, readAttempts } = options;
    const known = this.books.get(activity);
    // An attempt in between was another process's.
    const isWhole = known !== undefined && known.attempt >= attempt - 1;
    if (known && (isWhole || !matters)) {
      known.attempt = Math.max(known.attempt, attempt);
      return known.book;
    }
    const all = attempt > 1 && matters ? await readAttempts() : [];
    const book = new SpendBook({
      reserved,
      earlier: all.filter(({ intent }) => intent.activity === activity),
    });
    this.books.delete(activity);
    this.books.set(activity, { book, attempt });
    // The oldest are of calls that were cancelled, or that other processes went on with.
    if (this.books.size > booksKept) this.books.delete(this.books.keys().next().value as string);
    return book;
  }

  /** The call has its result. */
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

/** Whether an amount lies within a limit; where no price is known there is no limit in dollars. */
export function fitsIn(spend: Spend, limit: Spend): boolean {
  const nano = (usd: number) => Math.round(usd * 1e9);
  const isAffordable = spend.usd === null || limit.usd === null || nano(spend.usd) <= nano(limit.usd);
  return spend.calls <= limit.calls && spend.tokens <= limit.tokens && isAffordable;
}
