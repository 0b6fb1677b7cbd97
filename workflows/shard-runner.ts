import { type ChildWorkflowHandle, getExternalWorkflowHandle, log } from '@temporalio/workflow';
import type { CallPhase, CallPlan, Spend } from '../activities/types.js';
import { LeaseDesk, type LeaseGrant } from './budget.js';
import type { LoopState, PartResult, ShardInput } from './inputs.js';
import { type LeaseRequest, leaseSignal, type Settings, settingsSignal } from './messages.js';
import { lanesOf, type PhasePart, type PhaseWorker, partsOf } from './phase-parts.js';

/** Runs a phase's shards or batches as child workflows, and passes changed settings and the budget on to them. */
export class ShardRunner {
  private readonly atWork = new Map<string, ChildWorkflowHandle<PhaseWorker>>();
  private readonly state: LoopState;
  private settings: Settings;
  private desk: LeaseDesk | null = null;
  private readonly onLaneEnd: () => Promise<void>;

  /** `onLaneEnd` is called when one lane of a phase is done and others may still wait for more of the budget. */
  constructor(state: LoopState, onLaneEnd: () => Promise<void>) {
    this.state = state;
    this.settings = state.settings;
    this.onLaneEnd = onLaneEnd;
  }

  /** Workflow ids of everything that a plan starts. */
  idsOf(phase: CallPhase, plan: CallPlan): string[] {
    return partsOf(this.state, phase, plan).map(({ id }) => id);
  }

  /**
   * Resolves when every shard of the plan has closed; throws when one fails. `spent`: by the run so far, of which
   * nothing belongs to these shards. Returns the provider's words where it has refused every call of the phase.
   */
  async runAll(phase: CallPhase, plan: CallPlan, spent: Spend): Promise<string | null> {
    const waiting = partsOf(this.state, phase, plan);
    const of = lanesOf({ state: this.state, phase, parts: waiting, settings: this.settings });
    this.desk = new LeaseDesk({ ...this.settings, spent });
    const refusals: (string | null)[] = [];
    const lane = async (index: number) => {
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
        refusals.push(await this.runOne(part, { index, of }));
      }
      await this.onLaneEnd();
    };
    await Promise.all(Array.from({ length: of }, (_, index) => lane(index)));
    this.desk = null;
    return refusals.includes(null) ? null : (refusals[0] ?? null);
  }

  /** Every new shard starts with the settings as they are; this reaches those already started. */
  async forward(settings: Settings): Promise<void> {
    this.settings = settings;
    this.desk?.setBudget(settings);
    await Promise.all([...this.atWork.values()].map((handle) => this.tell(handle)));
    await this.grantUnmet();
  }

  /** A shard asks for more of the budget. */
  async lease(request: LeaseRequest): Promise<void> {
    const grant = this.desk?.ask(request);
    if (grant) await this.grant(grant);
    // What it gave back may be enough for another one.
    await this.grantUnmet();
  }

  /** Why the budget lets no shard go on; null while one can. */
  stuck(): string | null {
    return this.desk?.stuck() ?? null;
  }

  private async runOne(
    { id, highest, start, calls }: PhasePart,
    lane: ShardInput['lane'],
  ): Promise<string | null> {
    const { settings } = this;
    const lease = this.desk?.begin({ shardId: id, highest, calls: calls({ settings, lane }) }) ?? null;
    const handle = await start({ settings, lane, lease });
    this.atWork.set(id, handle);
    let result: PartResult = { spent: highest, refusal: null };
    try {
      // A change that came while the shard was being started is in neither its input nor its mailbox.
      if (this.settings.version > settings.version) await this.tell(handle);
      result = await handle.result();
    } finally {
      this.atWork.delete(id);
      this.desk?.close({ shardId: id, spent: result.spent });
    }
    await this.grantUnmet();
    return result.refusal;
  }

  private async grantUnmet(): Promise<void> {
    for (const grant of this.desk?.grantUnmet() ?? []) await this.grant(grant);
  }

  /** By id: a shard may ask before its parent has heard that it was started. */
  private async grant({ shardId, ...lease }: LeaseGrant): Promise<void> {
    const shard = getExternalWorkflowHandle(shardId);
    await this.send(shard, () => shard.signal(leaseSignal, lease));
  }

  private async tell(handle: ChildWorkflowHandle<PhaseWorker>): Promise<void> {
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
