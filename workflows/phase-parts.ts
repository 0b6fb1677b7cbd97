/** The child workflows that make a phase's calls: shards where they are made one by one, else batches. */
import { type ChildWorkflowHandle, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { CallPhase, CallPlan, PlannedBatch, PlannedShard, Spend } from '../activities/types.js';
import type { callBatch } from './call-batch.js';
import type { callShard } from './call-shard.js';
import { batchId, shardId } from './ids.js';
import type { LoopState, PhaseTeacher, ShardInput } from './inputs.js';
import type { Settings } from './messages.js';

/** Shards of one phase at work at once: while one waits for its last retries, the next keeps the endpoint busy. */
const shardsAtOnce = 3;
/** Batches wait for days; what an account may have in its provider's queue ends sooner than this does. */
const batchesAtOnce = 4;

export type PhaseWorker = typeof callShard | typeof callBatch;

/** One child workflow that has not been started. */
export interface PhasePart {
  id: string;
  /** Most that one of its calls can cost. */
  highest: Spend;
  /** Calls that it could make at once. */
  calls(options: { settings: Settings; lane: ShardInput['lane'] }): number;
  start(options: {
    settings: Settings;
    lane: ShardInput['lane'];
    lease: Spend | null;
  }): Promise<ChildWorkflowHandle<PhaseWorker>>;
}

/** In the order in which they are to be started. */
export function partsOf(state: LoopState, phase: CallPhase, { shards, batches }: CallPlan): PhasePart[] {
  const at = { state, phase, teachers: teachersOf(state, phase) };
  return batches ? batches.map((batch) => batchPart(at, batch)) : shards.map((shard) => shardPart(at, shard));
}

/** Parts that are at work at once. */
export function lanesOf(options: {
  state: LoopState;
  phase: CallPhase;
  parts: PhasePart[];
  settings: Settings;
}): number {
  const { state, phase, parts, settings } = options;
  const teachers = teachersOf(state, phase);
  const isBatch = teachers[0]?.batchPollMs != null;
  const most = isBatch
    ? batchesAtOnce
    : Math.min(shardsAtOnce, windowOf({ teachers, settings, lane: { index: 0, of: 1 } }));
  return Math.max(1, Math.min(most, parts.length));
}

interface PhaseAt {
  state: LoopState;
  phase: CallPhase;
  teachers: PhaseTeacher[];
}

function shardPart(
  { state, phase, teachers }: PhaseAt,
  { shard, from, to, highest }: PlannedShard,
): PhasePart {
  const { run, round } = state;
  const id = shardId({ runId: run.runId, round, phase, shard });
  return {
    id,
    highest,
    calls: ({ settings, lane }) => Math.min(to - from, 2 * windowOf({ teachers, settings, lane })),
    start: ({ settings, lane, lease }) =>
      startChild<typeof callShard>('callShard', {
        workflowId: id,
        staticSummary: `round ${round} · ${phase} · calls ${from} to ${to - 1}`,
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        args: [
          { schemaVersion: 1, run, round, phase, shard, from, to, teachers, lane, highest, lease, settings },
        ],
      }),
  };
}

function batchPart(
  { state, phase, teachers }: PhaseAt,
  { batch, from, to, highest }: PlannedBatch,
): PhasePart {
  const { run, round } = state;
  const id = batchId({ runId: run.runId, round, phase, batch });
  const teacher = firstOf(teachers);
  return {
    id,
    highest,
    calls: () => to - from,
    start: ({ settings, lease }) =>
      startChild<typeof callBatch>('callBatch', {
        workflowId: id,
        staticSummary: `round ${round} · ${phase} · batch of calls ${from} to ${to - 1}`,
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        args: [
          {
            schemaVersion: 1,
            calls: { run, round, phase, batch, from, to },
            teacher,
            highest,
            lease,
            settings,
          },
        ],
      }),
  };
}

/** Calls that a shard may have in flight, one at least: the lanes' shares add up to the teacher's concurrency. */
export function windowOf(options: {
  teachers: PhaseTeacher[];
  settings: Settings;
  lane: ShardInput['lane'];
}): number {
  const { teachers, settings, lane } = options;
  const first = firstOf(teachers);
  const concurrency = settings.concurrency[first.name] ?? first.concurrency;
  return Math.max(1, upTo(lane.index + 1) - upTo(lane.index));

  /** What the first lanes have together. Each has more than the next, so that they do not all wait for their last calls at once. */
  function upTo(lanes: number): number {
    const weights = (count: number) => count * (lane.of + 2) - (count * (count - 1)) / 2;
    return Math.floor((concurrency * weights(lanes)) / weights(lane.of));
  }
}

function teachersOf({ plan }: LoopState, phase: CallPhase): PhaseTeacher[] {
  return plan.teachers[phase] ?? [];
}

function firstOf(teachers: PhaseTeacher[]): PhaseTeacher {
  const first = teachers[0];
  if (!first) throw new Error('a phase without a teacher');
  return first;
}
