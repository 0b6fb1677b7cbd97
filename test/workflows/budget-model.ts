import type { Budget, Spend } from '../../activities/types.js';
import { hasBudget, LeaseDesk, nothing, Purse } from '../../workflows/budget.js';

/**
 * A phase as the workflows play it, with every message delayed as the server may delay it: shards with a window,
 * calls that cost anything up to their highest, a loop with its desk, and people who change the budget.
 */
export class Phase {
  readonly desk: LeaseDesk;
  settings: { budget: Budget; version: number };
  readonly shards: Shard[] = [];
  readonly waiting: Plan[];
  spent: Spend = nothing;
  private readonly lanes: number;

  constructor(options: { budget: Budget; plans: Plan[]; lanes: number }) {
    this.settings = { budget: options.budget, version: 1 };
    this.desk = new LeaseDesk({ ...this.settings, spent: nothing });
    this.waiting = options.plans;
    this.lanes = options.lanes;
    this.fillLanes();
  }

  private fillLanes(): void {
    while (this.shards.length < this.lanes && this.waiting.length > 0) {
      const plan = this.waiting.shift() as Plan;
      const lease = this.desk.begin({ shardId: plan.id, highest: plan.highest, calls: 2 * plan.window });
      this.shards.push(new Shard(plan, lease, this.settings.version));
    }
  }

  /** Everything that may happen next; each is a step of its own, in any order. */
  steps(): (() => void)[] {
    return this.shards.flatMap((shard) => [
      ...(shard.canSchedule() ? [() => shard.schedule()] : []),
      ...(shard.needsLease() ? [() => shard.ask()] : []),
      ...(shard.inFlight > 0 ? [() => this.endCall(shard)] : []),
      ...(shard.toLoop.length > 0 ? [() => this.hear(shard)] : []),
      ...(shard.toShard.length > 0 ? [() => shard.receive()] : []),
      ...(shard.isDone() ? [() => this.close(shard)] : []),
    ]);
  }

  /** What the calls that have ended cost, and the most that those in flight can. */
  get exposure(): Spend {
    return this.shards.reduce((sum, { purse }) => plus(sum, purse.used), this.spent);
  }

  setBudget(budget: Budget): void {
    this.settings = { budget, version: this.settings.version + 1 };
    this.desk.setBudget(this.settings);
    for (const shard of this.shards) shard.toShard.push({ settings: this.settings });
    this.grantUnmet();
  }

  private hear(shard: Shard): void {
    const request = shard.toLoop.shift() as Parameters<LeaseDesk['ask']>[0];
    const grant = this.desk.ask(request);
    if (grant) shard.toShard.push({ grant });
    this.grantUnmet();
  }

  private grantUnmet(): void {
    for (const grant of this.desk.grantUnmet()) {
      this.shards.find(({ plan }) => plan.id === grant.shardId)?.toShard.push({ grant });
    }
  }

  private endCall(shard: Shard): void {
    shard.endCall();
  }

  private close(shard: Shard): void {
    this.shards.splice(this.shards.indexOf(shard), 1);
    this.spent = plus(this.spent, shard.purse.spent);
    this.desk.close({ shardId: shard.plan.id, spent: shard.purse.spent });
    this.grantUnmet();
    this.fillLanes();
  }
}

export interface Plan {
  id: string;
  calls: number;
  window: number;
  highest: Spend;
  /** Share of its highest cost that each call costs, in turn. */
  costs: number[];
}

/** As `call-shard.ts` goes about it. */
class Shard {
  readonly toShard: { settings?: Phase['settings']; grant?: ReturnType<LeaseDesk['grantUnmet']>[number] }[] =
    [];
  readonly toLoop: Parameters<LeaseDesk['ask']>[0][] = [];
  readonly plan: Plan;
  readonly purse: Purse;
  inFlight = 0;
  todo: number;
  private version: number;
  private asked: { number: number; isIdle: boolean } | null = null;
  private requests = 0;
  private ended = 0;

  constructor(plan: Plan, lease: Spend | null, version: number) {
    this.plan = plan;
    this.purse = new Purse({ highest: plan.highest, lease });
    this.todo = plan.calls;
    this.version = version;
  }

  canSchedule(): boolean {
    return this.wantsCalls() && this.purse.canAfford();
  }

  needsLease(): boolean {
    if (!this.wantsCalls() || this.purse.canAfford()) return false;
    return this.asked === null || (this.inFlight === 0 && !this.asked.isIdle);
  }

  isDone(): boolean {
    return this.todo === 0 && this.inFlight === 0;
  }

  schedule(): void {
    this.todo -= 1;
    this.inFlight += 1;
    this.purse.reserve();
  }

  endCall(): void {
    const share = this.plan.costs[this.ended % this.plan.costs.length] as number;
    this.ended += 1;
    this.inFlight -= 1;
    // `again`: every request had an unknown end.
    if (share === 1) this.todo += this.ended % 3 === 0 ? 1 : 0;
    this.purse.settle(share === 1 && this.ended % 2 === 0 ? undefined : part(this.plan.highest, share));
  }

  ask(): void {
    this.requests += 1;
    this.asked = { number: this.requests, isIdle: this.inFlight === 0 };
    const { id: shardId, window } = this.plan;
    const calls = Math.min(this.todo, 2 * window);
    this.toLoop.push({ shardId, ...this.asked, used: this.purse.giveBack(), calls });
  }

  receive(): void {
    const { settings, grant } = this.toShard.shift() as (typeof this.toShard)[number];
    if (settings && settings.version > this.version) {
      this.version = settings.version;
      if (hasBudget(settings.budget)) this.purse.giveBack();
    }
    if (grant && this.asked?.number === grant.number) {
      this.asked = null;
      if (grant.version >= this.version) this.purse.refill(grant.lease);
    }
  }

  private wantsCalls(): boolean {
    return this.todo > 0 && this.inFlight < this.plan.window;
  }
}

/** Both together. */
export function plus(a: Spend, b: Spend): Spend {
  const usd = Math.round(((a.usd ?? 0) + (b.usd ?? 0)) * 1e9) / 1e9;
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, usd };
}

function part({ calls, tokens, usd }: Spend, share: number): Spend {
  return {
    calls: Math.ceil(calls * share),
    tokens: Math.ceil(tokens * share),
    usd: Math.round((usd ?? 0) * share * 1e9) / 1e9,
  };
}

export function isWithin(spend: Spend, budget: Budget): boolean {
  return (['usd', 'calls', 'tokens'] as const).every(
    (key) => budget[key] === null || (spend[key] as number) <= budget[key] + 1e-9,
  );
}
