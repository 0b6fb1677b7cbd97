/**
 * A run never spends more than its budget: the loop leases each shard a part of what is left, and a shard reserves a
 * call's highest cost before it makes it. Plain data and no Temporal, so that it is tested as it is.
 */
import type { Budget, Counts, Spend } from '../activities/types.js';
import type { Lease, LeaseRequest, Settings } from './messages.js';

export const noBudget: Budget = { usd: null, calls: null, tokens: null };
export const nothing: Spend = { calls: 0, tokens: 0, usd: 0 };

export function hasBudget({ usd, calls, tokens }: Budget): boolean {
  return usd !== null || calls !== null || tokens !== null;
}

/** What a run has spent by its store: bills that are known, and the others at their highest. */
export function spentBy({ attempts, tokens, costUsd, unknownUsd }: Counts): Spend {
  return {
    // Requests that were turned away are billed by nobody.
    calls: attempts.sent - attempts.failed,
    tokens: tokens.prompt + tokens.completion + tokens.unknown,
    usd: costUsd === null || unknownUsd === null ? null : roundUsd(costUsd + unknownUsd),
  };
}

/** A purse's content, as it survives a continue-as-new. */
export interface PurseContent {
  lease: Spend | null;
  spent: Spend;
  reserved: Spend;
}

/** A shard's part of the budget. */
export class Purse {
  spent: Spend;
  private lease: Spend | null;
  private reserved: Spend;
  private readonly highest: Spend;

  /** `highest`: most that one call can cost. `lease` null: there is no budget. */
  constructor(options: { highest: Spend; lease: Spend | null; carried?: PurseContent | undefined }) {
    const { highest, lease, carried } = options;
    this.highest = highest;
    this.lease = carried ? carried.lease : lease;
    this.spent = carried?.spent ?? nothing;
    this.reserved = carried?.reserved ?? nothing;
  }

  get content(): PurseContent {
    const { lease, spent, reserved } = this;
    return { lease, spent, reserved };
  }

  get isLimited(): boolean {
    return this.lease !== null;
  }

  /** Spent, and reserved for calls in flight. */
  get used(): Spend {
    return add(this.spent, this.reserved);
  }

  /** What is neither spent nor reserved; null: there is no limit. */
  get left(): Spend | null {
    return this.lease && subtract(this.lease, this.used);
  }

  canAfford(): boolean {
    return this.lease === null || fits(add(this.used, this.highest), this.lease);
  }

  /** `most`: that it can cost; one call where not given. */
  reserve(most: Spend = this.highest): void {
    this.reserved = add(this.reserved, most);
  }

  /** What was reserved for has ended; without its spend the whole reservation counts as spent. */
  settle(spend: Spend | undefined, most: Spend = this.highest): void {
    this.reserved = subtract(this.reserved, most);
    this.spent = add(this.spent, spend ?? most);
  }

  /** Takes what the loop sets aside for this shard from now on, what it has used included. */
  refill(lease: Spend): void {
    this.lease = lease;
  }

  /** Lets go of what is not used; returns what is. From now on more has to be asked for, also where there was no limit. */
  giveBack(): Spend {
    this.lease = this.used;
    return this.lease;
  }
}

interface OpenLease {
  /** null: it began when there was no budget and has not said what it uses. */
  lease: Spend | null;
  highest: Spend;
  /** null: it has what it needs. */
  unmet: LeaseRequest | null;
}

/** What a shard is given on its request. */
export interface LeaseGrant extends Lease {
  shardId: string;
}

/** Hands out what is left of the budget to the shards of one phase. */
export class LeaseDesk {
  private budget: Budget;
  /** Of the settings that the budget is from. */
  private version: number;
  /** By everything that is not an open shard of this phase. */
  private spent: Spend;
  private readonly open = new Map<string, OpenLease>();

  constructor({ budget, version, spent }: Pick<Settings, 'budget' | 'version'> & { spent: Spend }) {
    this.budget = budget;
    this.version = version;
    this.spent = spent;
  }

  /** The first lease of a shard: enough for `calls`, or for as many of them as there is budget for. */
  begin({ shardId, highest, calls }: { shardId: string; highest: Spend; calls: number }): Spend | null {
    const isLimited = hasBudget(this.budget);
    const lease = isLimited ? times(highest, Math.min(calls, this.affordable(highest))) : null;
    this.open.set(shardId, { lease, highest, unmet: null });
    return lease;
  }

  /** Takes back what the shard does not use and gives it what it asks for. null: not even one call can be afforded. */
  ask(request: LeaseRequest): LeaseGrant | null {
    const open = this.open.get(request.shardId);
    if (!open) return null;
    open.lease = request.used;
    open.unmet = request;
    return this.grant(request.shardId, open);
  }

  /** The shard has ended. */
  close({ shardId, spent }: { shardId: string; spent: Spend }): void {
    if (this.open.delete(shardId)) this.spent = add(this.spent, spent);
  }

  /** What is set aside already stays so until the shards have heard of the change and ask anew. */
  setBudget({ budget, version }: Pick<Settings, 'budget' | 'version'>): void {
    this.budget = budget;
    this.version = version;
  }

  /** Leases for the shards that were left without one and can have it now. */
  grantUnmet(): LeaseGrant[] {
    return [...this.open].flatMap(([shardId, open]) => this.grant(shardId, open) ?? []);
  }

  /** Why no shard can go on, in words; null: one of them can, or will say so. */
  stuck(): string | null {
    const open = [...this.open.values()];
    const isWaiting = ({ unmet, highest }: OpenLease) => unmet?.isIdle && this.affordable(highest) < 1;
    if (open.length === 0 || !open.every(isWaiting)) return null;
    const { highest } = open[0] as OpenLease;
    const spent = this.taken();
    return exceeded(add(spent, highest), this.budget)
      .map(
        (key) =>
          `${shareInWords(key, spent, this.budget)} are spent, and the next call may need ${inWords(key, highest)}`,
      )
      .join('; ');
  }

  private grant(shardId: string, open: OpenLease): LeaseGrant | null {
    const { unmet, highest } = open;
    if (unmet === null) return null;
    const calls = Math.min(unmet.calls, this.affordable(highest));
    if (calls < 1) return null;
    const lease = add(unmet.used, times(highest, calls));
    open.unmet = null;
    open.lease = lease;
    return { shardId, number: unmet.number, version: this.version, lease };
  }

  private taken(): Spend {
    return [...this.open.values()].reduce((sum, { lease }) => add(sum, lease ?? nothing), this.spent);
  }

  /** Calls of this highest cost that what is left allows. */
  private affordable(highest: Spend): number {
    if (!hasBudget(this.budget)) return Number.MAX_SAFE_INTEGER;
    // A budget that came while shards were at work: they report in a moment, and nothing is handed out before.
    if ([...this.open.values()].some(({ lease }) => lease === null)) return 0;
    const leased = this.taken();
    const byLimit = budgetKeys.flatMap((key) => {
      const limit = this.budget[key];
      if (limit === null) return [];
      const [taken, each] = [leased[key], highest[key]];
      // Refused at the start; a budget in dollars that came later cannot be kept without prices.
      if (taken === null || each === null) return [0];
      return each === 0 ? [] : [Math.floor((whole(key, limit) - whole(key, taken)) / whole(key, each))];
    });
    return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, ...byLimit));
  }
}

/** What a budget can limit. */
export const budgetKeys = ['usd', 'calls', 'tokens'] as const;
export type BudgetKey = (typeof budgetKeys)[number];

/** Whole units, so that comparing is exact: dollars are binary fractions and count in nano-dollars. */
function whole(key: BudgetKey, amount: number): number {
  return key === 'usd' ? Math.round(amount * 1e9) : amount;
}

function add(a: Spend, b: Spend): Spend {
  return {
    calls: a.calls + b.calls,
    tokens: a.tokens + b.tokens,
    usd: a.usd === null || b.usd === null ? null : roundUsd(a.usd + b.usd),
  };
}

function subtract(a: Spend, b: Spend): Spend {
  return add(a, times(b, -1));
}

function times(a: Spend, n: number): Spend {
  return { calls: a.calls * n, tokens: a.tokens * n, usd: a.usd === null ? null : roundUsd(a.usd * n) };
}

/** Where no price is known there is no limit in dollars either. */
function fits(used: Spend, lease: Spend): boolean {
  return budgetKeys.every((key) => {
    const [amount, limit] = [used[key], lease[key]];
    return amount === null || limit === null || whole(key, amount) <= whole(key, limit);
  });
}

/** The limits that an amount lies above. */
export function exceeded(spend: Spend, budget: Budget): BudgetKey[] {
  return budgetKeys.filter((key) => {
    const [limit, amount] = [budget[key], spend[key]];
    return limit !== null && (amount === null || whole(key, amount) > whole(key, limit));
  });
}

export function inWords(key: BudgetKey, amounts: Spend | Budget): string {
  const amount = amounts[key];
  if (amount === null) return key === 'usd' ? 'an unknown number of dollars' : 'no limit';
  return key === 'usd' ? `$${amount.toFixed(amount < 0.01 ? 6 : 4)}` : `${amount} ${key}`;
}

/** `$1.2000 of $5.0000`, `9 of 10 calls`. */
export function shareInWords(key: BudgetKey, spend: Spend, budget: Budget): string {
  const amount = key === 'usd' || spend[key] === null ? inWords(key, spend) : String(spend[key]);
  return `${amount} of ${inWords(key, budget)}`;
}

/** Whole nano-dollars, as the ledger counts. */
function roundUsd(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}
