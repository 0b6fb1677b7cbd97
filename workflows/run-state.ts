import { exceeded, inWords, noBudget, spentBy } from './budget.js';
import { limitsOf } from './endpoint-limits.js';
import type { LoopResult, PhaseTeacher, RunPlan } from './inputs.js';
import type {
  BudgetRequest,
  ConcurrencyRequest,
  LimitsRequest,
  LoopReport,
  Pause,
  RunPhase,
  RunStateName,
  RunStatus,
  Settings,
} from './messages.js';
import { budgetProblem, concurrencyProblem, limitsProblem } from './settings-rules.js';

/** What survives a continue-as-new of the run. */
export interface RunStateSnapshot {
  settings: Settings;
  phase: RunPhase;
  stopReason: string | null;
  loop: LoopReport | null;
  ended: LoopResult | null;
}

/** The rules of pausing, resuming and cancelling a run. Plain data and no Temporal, so that it is tested as it is. */
export class RunState {
  settings: Settings;
  phase: RunPhase = 'preparing';
  stopReason: string | null = null;
  loop: LoopReport | null = null;
  /** How the loop ended; null while it lives. */
  ended: LoopResult | null = null;

  private readonly plan: Pick<RunPlan, 'budget' | 'isPriced' | 'teachers'>;

  constructor(plan: Pick<RunPlan, 'budget' | 'isPriced' | 'teachers'>, carried?: RunStateSnapshot) {
    this.plan = plan;
    this.settings = {
      version: 1,
      paused: null,
      cancel: null,
      budget: plan.budget,
      concurrency: {},
      limits: {},
    };
    if (carried) Object.assign(this, carried);
  }

  snapshot(): RunStateSnapshot {
    const { settings, phase, stopReason, loop, ended } = this;
    return { settings, phase, stopReason, loop, ended };
  }

  get name(): RunStateName {
    if (this.ended?.failed) return 'failed';
    if (this.phase === 'done') return this.settings.cancel ? 'cancelled' : 'finished';
    if (this.settings.cancel) return 'cancelling';
    return this.settings.paused ? 'paused' : 'running';
  }

  status(): RunStatus {
    const { name: state, phase, stopReason, settings, loop } = this;
    return { state, phase, stopReason, settings, loop };
  }

  /** @throws Error that says why the run cannot be paused now. */
  checkPause(): void {
    this.checkLive();
    const { paused } = this.settings;
    if (paused) throw new Error(`the run is paused already, by ${paused.by}: ${paused.reason}`);
  }

  /** @throws Error that says why the run cannot be resumed now. */
  checkResume(): void {
    this.checkLive();
    if (!this.settings.paused) throw new Error('the run is not paused');
  }

  /** @throws Error when there is nothing left to cancel; `now` may still follow a patient cancel. */
  checkCancel({ now }: { now: boolean }): void {
    if (this.phase === 'done') throw new Error(`the run has ended already: ${this.name}`);
    if (this.phase === 'exporting') throw new Error('the run is writing its dataset');
    if (this.settings.cancel && !(now && this.settings.cancel === 'finish')) {
      throw new Error('the run is being cancelled already');
    }
  }

  /** @throws Error that says why this budget cannot be set. */
  checkBudget({ budget }: BudgetRequest): void {
    this.checkLive();
    refuse(budgetProblem(budget));
    if (budget.usd != null && !this.plan.isPriced) {
      throw new Error('a budget in dollars needs a price for every teacher; set teacher.price in the recipe');
    }
    if (!this.loop) return;
    const spent = spentBy(this.loop.totals);
    const [key] = exceeded(spent, { ...noBudget, ...budget });
    if (key) {
      throw new Error(
        `${inWords(key, spent)} are spent already, more than ${inWords(key, { ...noBudget, ...budget })}`,
      );
    }
  }

  /** @throws Error that says why this concurrency cannot be set. */
  checkConcurrency({ teacher, concurrency }: ConcurrencyRequest): void {
    this.checkLive();
    this.teacher(teacher);
    refuse(concurrencyProblem(concurrency));
  }

  /** Sets the named limits. A pause that the old budget made ends. */
  setBudget({ budget }: BudgetRequest): void {
    const { paused } = this.settings;
    this.change({
      budget: { ...this.settings.budget, ...budget },
      paused: paused?.by === 'budget' ? null : paused,
    });
  }

  setConcurrency({ teacher, concurrency }: ConcurrencyRequest): void {
    this.change({ concurrency: { ...this.settings.concurrency, [teacher]: concurrency } });
  }

  /** @throws Error that says why these limits cannot be set. */
  checkLimits(request: LimitsRequest): void {
    this.checkLive();
    this.teacher(request.teacher);
    refuse(limitsProblem(request));
  }

  setLimits({ teacher, requestsPerMinute, tokensPerMinute }: LimitsRequest): void {
    const limits = {
      ...limitsOf(this.teacher(teacher), this.settings),
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
      ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    };
    this.change({ limits: { ...this.settings.limits, [teacher]: limits } });
  }

  pause(paused: Pause): void {
    this.change({ paused });
  }

  resume(): void {
    this.change({ paused: null });
  }

  /** A cancelled run is never paused: it has to come to its end. */
  cancel({ by, now }: { by: string; now: boolean }): void {
    this.stopReason = `cancelled by ${by}`;
    this.change({ paused: null, cancel: now ? 'now' : 'finish' });
  }

  /** Two hundred calls that fail at once are one pause, and none after somebody resumed. */
  blocked({ version, pause }: { version: number; pause: Pause }): void {
    if (version < this.settings.version || this.settings.paused || this.settings.cancel) return;
    this.pause(pause);
  }

  /** @throws Error naming the teachers that there are. */
  private teacher(name: string): PhaseTeacher {
    const all = Object.values(this.plan.teachers).flat();
    const found = all.find((teacher) => teacher.name === name);
    if (found) return found;
    const names = [...new Set(all.map((teacher) => teacher.name))];
    throw new Error(`no teacher "${name}" in this run; there are ${names.join(', ')}`);
  }

  private checkLive(): void {
    if (this.phase === 'done') throw new Error(`the run has ended already: ${this.name}`);
    if (this.settings.cancel) throw new Error('the run is being cancelled');
  }

  private change(change: Partial<Omit<Settings, 'version'>>): void {
    this.settings = { ...this.settings, ...change, version: this.settings.version + 1 };
  }
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new Error(problem);
}
