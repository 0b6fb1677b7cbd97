import { type ChildWorkflowHandle, log, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { CallPhase, CallPlan } from '../activities/types.js';
import type { callShard } from './call-shard.js';
import { shardId } from './ids.js';
import type { LoopState } from './inputs.js';
import { type Settings, settingsSignal } from './messages.js';

/** Shards of one phase at work at once: while one waits for its last retries, the next keeps the endpoint busy. */
const shardsAtOnce = 2;

/** Runs a phase's shards as child workflows, and passes changed settings on to those at work. */
export class ShardRunner {
  private readonly atWork = new Set<ChildWorkflowHandle<typeof callShard>>();
  private readonly state: LoopState;
  private settings: Settings;

  constructor(state: LoopState) {
    this.state = state;
    this.settings = state.settings;
  }

  shardId(phase: CallPhase, shard: number): string {
    const { run, round } = this.state;
    return shardId({ runId: run.runId, round, phase, shard });
  }

  /** Resolves when every shard of the plan has closed; throws when one fails. */
  async runAll(phase: CallPhase, { shards }: CallPlan): Promise<void> {
    const waiting = [...shards];
    const { concurrency } = this.state.plan;
    const lanes = Math.max(1, Math.min(shardsAtOnce, waiting.length, concurrency));
    const lane = async (window: number) => {
      for (let shard = waiting.shift(); shard !== undefined; shard = waiting.shift()) {
        await this.runOne({ phase, shard, window });
      }
    };
    // The windows add up to the concurrency, never to more.
    const share = Math.floor(concurrency / lanes);
    const windows = Array.from({ length: lanes }, (_, n) =>
      n === 0 ? concurrency - share * (lanes - 1) : share,
    );
    await Promise.all(windows.map(lane));
  }

  /** Every new shard starts with the settings as they are; this reaches those already started. */
  async forward(settings: Settings): Promise<void> {
    this.settings = settings;
    await Promise.all([...this.atWork].map((handle) => this.tell(handle)));
  }

  private async runOne(options: {
    phase: CallPhase;
    shard: CallPlan['shards'][number];
    window: number;
  }): Promise<void> {
    const { run, round, plan } = this.state;
    const { shard, from, to } = options.shard;
    const { settings } = this;
    const handle = await startChild<typeof callShard>('callShard', {
      workflowId: this.shardId(options.phase, shard),
      staticSummary: `round ${round} · ${options.phase} · calls ${from} to ${to - 1}`,
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      args: [
        {
          schemaVersion: 1,
          run,
          round,
          phase: options.phase,
          shard,
          from,
          to,
          window: options.window,
          teacherQueue: plan.teacherQueue,
          requestTimeoutMs: plan.requestTimeoutMs,
          settings,
        },
      ],
    });
    this.atWork.add(handle);
    try {
      // A change that came while the shard was being started is in neither its input nor its mailbox.
      if (this.settings.version > settings.version) await this.tell(handle);
      await handle.result();
    } finally {
      this.atWork.delete(handle);
    }
  }

  private async tell(handle: ChildWorkflowHandle<typeof callShard>): Promise<void> {
    try {
      await handle.signal(settingsSignal, this.settings);
    } catch (error) {
      // It closed a moment ago: nothing is left in it that settings could change.
      log.info('shard had ended before new settings reached it', { shard: handle.workflowId, error });
    }
  }
}
