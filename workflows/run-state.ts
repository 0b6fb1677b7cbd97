import type { ReviewDecision, ReviewRequest, ReviewWait } from '../activities/review-messages.js';
import type { RecordedChange, RunContext, Thresholds } from '../activities/types.js';
import { excerpt } from '../methods/text.js';
import { exceeded, inWords, noBudget, spentBy } from './budget.js';
import { budgetChange, fromTo, limitsChange, seedTasks } from './change-words.js';
import { limitsOf } from './endpoint-limits.js';
import type { LoopResult, PhaseTeacher, RunPlan } from './inputs.js';
import type {
  AddSeedsRequest,
  BudgetRequest,
  ConcurrencyRequest,
  LimitsRequest,
  LoopReport,
  Pause,
  RunPhase,
  RunStateName,
  RunStatus,
  Settings,
  TargetRequest,
  ThresholdsRequest,
} from './messages.js';
import { decisionInWords, reviewProblem, waitFor, withDeadline } from './review-gate.js';
import {
  budgetProblem,
  concurrencyProblem,
  limitsProblem,
  methodWithoutSeeds,
  seedsProblem,
  targetProblem,
  thresholdsProblem,
} from './settings-rules.js';

/** Changes that wait for a store which cannot be written: they are part of the run's state, which has to stay small. */
const mostUnrecorded = 200;
/** Changes that the UI shows. */
const newestShown = 3;

/** What survives a continue-as-new of the run. */
export interface RunStateSnapshot {
  settings: Settings;
  phase: RunPhase;
  stopReason: string | null;
  loop: LoopReport | null;
  ended: LoopResult | null;
  /** Changes that are not in the store yet. */
  unrecorded: RecordedChange[];
  newest: RecordedChange[];
  wait: ReviewWait | null;
}

/** What of a run's plan its changes are checked against. */
type SteeredPlan = Pick<
  RunPlan,
  | 'method'
  | 'target'
  | 'budget'
  | 'isPriced'
  | 'teachers'
  | 'stages'
  | 'skillMix'
  | 'thresholds'
  | 'set'
  | 'review'
>;

/** The rules of pausing, resuming and cancelling a run. Plain data and no Temporal, so that it is tested as it is. */
export class RunState {
  settings: Settings;
  phase: RunPhase = 'preparing';
  stopReason: string | null = null;
  loop: LoopReport | null = null;
  /** How the loop ended; null while it lives. */
  ended: LoopResult | null = null;
  /** Changes that are not in the store yet, oldest first. */
  unrecorded: RecordedChange[] = [];
  /** The newest changes, oldest first, for the UI. */
  newest: RecordedChange[] = [];
  /** The round that waits for people; null: none does. */
  wait: ReviewWait | null = null;

  private readonly plan: SteeredPlan;

  constructor(plan: SteeredPlan, carried?: RunStateSnapshot) {
    this.plan = plan;
    this.settings = {
      version: 1,
      paused: null,
      cancel: null,
      budget: plan.budget,
      concurrency: {},
      limits: {},
      ...plan.set,
    };
    if (carried) Object.assign(this, carried);
  }

  snapshot(): RunStateSnapshot {
    const { settings, phase, stopReason, loop, ended, unrecorded, newest, wait } = this;
    return { settings, phase, stopReason, loop, ended, unrecorded, newest, wait };
  }

  get name(): RunStateName {
    if (this.ended?.failed) return 'failed';
    if (this.phase === 'done') return this.settings.cancel ? 'cancelled' : 'finished';
    if (this.settings.cancel) return 'cancelling';
    if (this.settings.paused) return 'paused';
    return this.wait ? 'waiting-for-review' : 'running';
  }

  status(): RunStatus {
    const { name: state, phase, stopReason, settings, loop, ended, wait } = this;
    return { state, phase, stopReason, settings, loop, review: ended === null ? wait : null };
  }

  /** These changes are in the store. */
  recorded(changes: readonly RecordedChange[]): void {
    const last = changes.at(-1)?.version ?? 0;
    this.unrecorded = this.unrecorded.filter(({ version }) => version > last);
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
  setBudget({ by, budget: named }: BudgetRequest): void {
    const { paused, budget: before } = this.settings;
    const budget = { ...before, ...named };
    const isResumed = paused?.by === 'budget';
    const what = budgetChange(before, budget) || 'the same budget once more';
    this.change(
      { budget, paused: isResumed ? null : paused },
      { by, what: isResumed ? `${what}; resumed` : what },
    );
  }

  setConcurrency({ by, teacher, concurrency }: ConcurrencyRequest): void {
    const before = this.settings.concurrency[teacher] ?? this.teacher(teacher).concurrency;
    this.change(
      { concurrency: { ...this.settings.concurrency, [teacher]: concurrency } },
      { by, what: `${teacher}: ${fromTo('concurrency', before, concurrency)}` },
    );
  }

  /** @throws Error that says why these limits cannot be set. */
  checkLimits(request: LimitsRequest): void {
    this.checkLive();
    this.teacher(request.teacher);
    refuse(limitsProblem(request));
  }

  setLimits({ by, teacher, requestsPerMinute, tokensPerMinute }: LimitsRequest): void {
    const before = limitsOf(this.teacher(teacher), this.settings);
    const limits = {
      ...before,
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
      ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    };
    this.change(
      { limits: { ...this.settings.limits, [teacher]: limits } },
      { by, what: limitsChange(teacher, before, limits) },
    );
  }

  /** @throws Error that says why this target cannot be set. */
  checkTarget({ target }: TargetRequest): void {
    refuse(targetProblem(target, this.plan));
    this.checkLive();
    this.checkGenerates();
  }

  setTarget({ by, target }: TargetRequest): void {
    this.change({ target }, { by, what: fromTo('target', this.target, target) });
  }

  /** @throws Error that says why these thresholds cannot be set. */
  checkThresholds({ thresholds }: ThresholdsRequest): void {
    refuse(thresholdsProblem(thresholds, this.plan));
    this.checkLive();
    const { 'select.tau': tau, ...ofGeneration } = thresholds;
    if (Object.keys(ofGeneration).length > 0) this.checkGenerates();
    // Data that a selection could not be made of wait for a person: another tau may mend that.
    const isSelecting = this.loop?.step === 'selecting' && this.settings.paused?.by !== 'data';
    const hasSelected = this.loop?.hasSelected === true;
    if (tau !== undefined && (this.hasLoopEnded || hasSelected || isSelecting))
      throw new Error('the selection has begun already');
  }

  setThresholds({ by, thresholds: named }: ThresholdsRequest): void {
    const before: Thresholds = { ...this.plan.thresholds, ...this.settings.thresholds };
    const what = (Object.keys(named) as (keyof Thresholds)[])
      .map((key) => fromTo(key, before[key] ?? null, named[key] ?? null))
      .join(', ');
    this.change({ thresholds: { ...this.settings.thresholds, ...named } }, { by, what });
  }

  /** @throws Error that says why these seed tasks cannot be added. */
  checkAddSeeds({ seeds, file }: AddSeedsRequest, { runId }: Pick<RunContext, 'runId'>): void {
    refuse(methodWithoutSeeds(this.plan.method));
    refuse(seedsProblem(seeds, { runId, added: this.settings.addedSeeds ?? [] }));
    if (typeof file !== 'string') throw new Error('"file" is no text');
    this.checkLive();
    this.checkGenerates();
  }

  addSeeds({ by, seeds, file }: AddSeedsRequest): void {
    const { uri, sha256, count } = seeds;
    const addedSeeds = [...(this.settings.addedSeeds ?? []), { uri, sha256, count }];
    this.change({ addedSeeds }, { by, what: `${seedTasks(count)} added from ${excerpt(file)}` });
  }

  /** Accepted examples that are wanted. */
  get target(): number {
    return this.settings.target ?? this.plan.target;
  }

  pause({ by, reason }: Pause): void {
    const paused = { by: nameOf(by), reason: excerpt(reason, 1_000) };
    this.change({ paused }, { by, what: `paused: ${paused.reason}` });
    if (this.wait) this.wait = { ...this.wait, until: null };
  }

  resume({ by }: { by: string }): void {
    this.change({ paused: null }, { by, what: 'resumed' });
  }

  /** A cancelled run is never paused: it has to come to its end. */
  cancel({ by, now }: { by: string; now: boolean }): void {
    this.wait = null;
    this.stopReason = `cancelled by ${nameOf(by)}`;
    const what = now ? 'cancelled, with calls in flight aborted' : 'cancelled';
    this.change({ paused: null, cancel: now ? 'now' : 'finish' }, { by, what });
  }

  /** The loop has come to another step. */
  reported(report: LoopReport): void {
    this.loop = report;
    if (report.standing) this.standBy(report.standing);
    const { reviewed = null, cancel } = this.settings;
    const wanted = cancel ? undefined : report.review;
    this.wait = waitFor(wanted, { rule: this.plan.review, reviewed, before: this.wait });
  }

  /** @throws Error that says why this review cannot be taken. */
  checkReview(request: ReviewRequest): void {
    this.checkLive();
    refuse(reviewProblem(request, { wait: this.wait, reviewed: this.settings.reviewed ?? null }));
  }

  /** A pause that was made because nobody reviewed the round in time ends. */
  review({ by, round, decision, note, verdicts }: ReviewRequest): void {
    const words = note === null ? null : excerpt(note, 1_000);
    this.decide({ by: nameOf(by), round, decision, note: words, verdicts, isTimeout: false });
  }

  /** Milliseconds until the run has to decide on the round by itself; null: it never has to, as things are. */
  reviewLeftMs(nowMs: number): number | null {
    const { review: rule } = this.plan;
    if (this.wait === null || rule === undefined) return null;
    const isHeld = this.settings.paused !== null;
    this.wait = withDeadline(this.wait, { timeoutMs: rule.timeoutMs, nowMs, isHeld });
    const { until } = this.wait;
    return until === null ? null : Math.max(0, new Date(until).getTime() - nowMs);
  }

  /** Nobody has reviewed the round in time. */
  timeOutReview(): void {
    if (this.wait === null) return;
    const { round, onTimeout } = this.wait;
    const reason = `nobody has reviewed round ${round} in time`;
    if (onTimeout === 'pause') this.pause({ by: 'review', reason });
    else {
      const note = onTimeout === 'reject' ? reason : null;
      this.decide({ by: 'timeout', round, decision: onTimeout, note, verdicts: null, isTimeout: true });
    }
  }

  /** Two hundred calls that fail at once are one pause, and none after somebody resumed. */
  blocked({ version, pause }: { version: number; pause: Pause }): void {
    if (version < this.settings.version || this.settings.paused || this.settings.cancel) return;
    this.pause(pause);
  }

  /** A decision that a person made, and that is recorded, is not used: an earlier one was found in the store. */
  private standBy(reviewed: ReviewDecision): void {
    const what = `round ${reviewed.round} ${decisionInWords(reviewed)}: that decision stands`;
    this.change({ reviewed }, { by: 'review', what });
  }

  private decide(decision: Omit<ReviewDecision, 'at' | 'nth'>): void {
    const { paused } = this.settings;
    const nth = this.wait?.unusable ?? 0;
    const at = new Date().toISOString();
    this.wait = null;
    this.change(
      { reviewed: { ...decision, at, nth }, paused: paused?.by === 'review' ? null : paused },
      { by: decision.by, what: changeInWords(decision) },
    );
  }

  /** @throws Error naming the teachers that there are. */
  private teacher(name: string): PhaseTeacher {
    const all = Object.values(this.plan.teachers).flat();
    const found = all.find((teacher) => teacher.name === name);
    if (found) return found;
    const names = [...new Set(all.map((teacher) => teacher.name))];
    throw new Error(`no teacher "${name}" in this run; there are ${names.join(', ')}`);
  }

  private get hasLoopEnded(): boolean {
    return this.ended !== null || this.phase === 'exporting';
  }

  private checkGenerates(): void {
    if (this.hasLoopEnded || this.loop?.hasGenerated) throw new Error('the run generates nothing any more');
  }

  private checkLive(): void {
    if (this.phase === 'done') throw new Error(`the run has ended already: ${this.name}`);
    if (this.settings.cancel) throw new Error('the run is being cancelled');
    if (this.unrecorded.length >= mostUnrecorded) {
      throw new Error(
        `the store has not taken the last ${this.unrecorded.length} changes; can it be written?`,
      );
    }
  }

  private change(
    change: Partial<Omit<Settings, 'version'>>,
    { by, what }: Pick<RecordedChange, 'by' | 'what'>,
  ): void {
    const version = this.settings.version + 1;
    this.settings = { ...this.settings, ...change, version };
    // In a workflow the time of what it is answering to, also when it is replayed.
    const at = new Date().toISOString();
    const recorded = { version, at, by: nameOf(by), what: excerpt(what, 1_000) };
    this.unrecorded = [...this.unrecorded, recorded];
    this.newest = [...this.newest, recorded].slice(-newestShown);
  }
}

/** `round 3 approved, with verdicts on 4 examples`. */
function changeInWords({ round, decision, verdicts }: Omit<ReviewDecision, 'at' | 'nth'>): string {
  const verb = decision === 'approve' ? 'approved' : 'rejected';
  return `round ${round} ${verb}${verdicts === null ? '' : `, with verdicts on ${verdicts.count} examples`}`;
}

/** A person's name may be anything. */
function nameOf(by: string): string {
  return excerpt(by) || 'unknown';
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new Error(problem);
}
