import {
  type ChildWorkflowHandle,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';
import type { CallPhase, CallPlan, PlannedShard, Spend } from '../activities/types.js';
import { LeaseDesk } from './budget.js';
import type { callShard } from './call-shard.js';
import { shardId } from './ids.js';
import type { LoopState, PhaseTeacher, ShardInput } from './inputs.js';
import { type LeaseRequest, leaseSignal, type Settings, settingsSignal } from './messages.js';

/** Shards of one phase at work at once: while one waits for its last retries, the next keeps the endpoint busy. */
const shardsAtOnce = 2;

/** Runs a phase's shards as child workflows, and passes on to them changed settings and their part of the budget. */
export class ShardRunner {
  private readonly atWork = new Map<string, ChildWorkflowHandle<typeof callShard>>();
  private readonly state: LoopState;
  private settings: Settings;
  private desk: LeaseDesk | null = null;

  constructor(state: LoopState) {
    this.state = state;
    this.settings = state.settings;
  }

  shardId(phase: CallPhase, shard: number): string {
    const { run, round } = this.state;
    return shardId({ runId: run.runId, round, phase, shard });
  }

  /**
   * Resolves when every shard of the plan has closed; throws when one fails. `spent`: by the run so far, of which
   * nothing belongs to these shards.
   */
  async runAll(phase: CallPhase, { shards }: CallPlan, spent: Spend): Promise<void> {
    const waiting = [...shards];
    const lanes = { teachers: this.state.plan.teachers[phase] ?? [], settings: this.settings };
    const concurrency = windowOf({ ...lanes, lane: { index: 0, of: 1 } });
    const of = Math.max(1, Math.min(shardsAtOnce, waiting.length, concurrency));
    this.desk = new LeaseDesk({ budget: this.settings.budget, spent });
    const lane = async (index: number) => {
      for (let shard = waiting.shift(); shard !== undefined; shard = waiting.shift()) {
        await this.runOne({ phase, shard, lane: { index, of } });
      }
    };
    await Promise.all(Array.from({ length: of }, (_, index) => lane(index)));
    this.desk = null;
  }

  /** Every new shard starts with the settings as they are; this reaches those already started. */
  async forward(settings: Settings): Promise<void> {
    this.settings = settings;
    this.desk?.setBudget(settings.budget);
    await Promise.all([...this.atWork.values()].map((handle) => this.tell(handle)));
    await this.grantUnmet();
  }

  /** A shard asks for more of the budget. */
  async lease(request: LeaseRequest): Promise<void> {
    const lease = this.desk?.ask(request);
    if (lease) await this.grant({ ...request, lease });
    // What it gave back may be enough for another one.
    await this.grantUnmet();
  }

  /** Why the budget lets no shard go on; null while one can. */
  stuck(): string | null {
    return this.desk?.stuck() ?? null;
  }

  private async runOne(options: {
    phase: CallPhase;
    shard: PlannedShard;
    lane: ShardInput['lane'];
  }): Promise<void> {
    const { run, round, plan } = this.state;
    const { phase, lane } = options;
    const { shard, from, to, highest } = options.shard;
    const { settings } = this;
    const shardId = this.shardId(phase, shard);
    const teachers = plan.teachers[phase] ?? [];
    const calls = Math.min(to - from, 2 * windowOf({ teachers, settings, lane }));
    const handle = await startChild<typeof callShard>('callShard', {
      workflowId: shardId,
      staticSummary: `round ${round} · ${phase} · calls ${from} to ${to - 1}`,
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      args: [
        {
          schemaVersion: 1,
          run,
          round,
          phase,
          shard,
          from,
          to,
          teachers,
          lane,
          highest,
          lease: this.desk?.begin({ shardId, highest, calls }) ?? null,
          settings,
        },
      ],
    });
    this.atWork.set(shardId, handle);
    let spent = highest;
    try {
      // A change that came while the shard was being started is in neither its input nor its mailbox.
      if (this.settings.version > settings.version) await this.tell(handle);
      ({ spent } = await handle.result());
    } finally {
      this.atWork.delete(shardId);
      this.desk?.close({ shardId, spent });
    }
    await this.grantUnmet();
  }

  private async grantUnmet(): Promise<void> {
    for (const grant of this.desk?.grantUnmet() ?? []) await this.grant(grant);
  }

  /** By id: a shard may ask before its parent has heard that it was started. */
  private async grant(grant: { shardId: string; number: number; lease: Spend }): Promise<void> {
    const { shardId, number, lease } = grant;
    const shard = getExternalWorkflowHandle(shardId);
    await this.send(shard, () => shard.signal(leaseSignal, { number, lease }));
  }

  private async tell(handle: ChildWorkflowHandle<typeof callShard>): Promise<void> {
    await this.send(handle, () => handle.signal(settingsSignal, this.settings));
  }

  private async send({ workflowId }: { workflowId: string }, signal: () => Promise<void>): Promise<void> {
    try {
      await signal();
    } catch (error) {
      // It closed a moment ago: nothing is left in it that a message could change.
      log.info('shard had ended before a message reached it', { shard: workflowId, error });
    }
  }
}

/** Calls that a shard may have in flight, one at least: the lanes' shares add up to the teacher's concurrency. */
export function windowOf(options: {
  teachers: PhaseTeacher[];
  settings: Settings;
  lane: ShardInput['lane'];
}): number {
  const { teachers, settings, lane } = options;
  const first = teachers[0];
  if (!first) throw new Error('a phase without a teacher');
  const concurrency = settings.concurrency[first.name] ?? first.concurrency;
  const share = Math.floor(concurrency / lane.of);
  return Math.max(1, lane.index === 0 ? concurrency - share * (lane.of - 1) : share);
}
