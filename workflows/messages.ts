/** Messages that a run understands, and the settings that travel from the run to its loop and shards. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  ReviewDecision,
  ReviewRequest,
  ReviewWait,
  ReviewWanted,
} from '../activities/review-messages.js';
import type {
  Budget,
  CallPhase,
  Counts,
  EndpointLimits,
  LossChange,
  Ref,
  Spend,
  Thresholds,
} from '../activities/types.js';
import type { LoopResult } from './inputs.js';

export interface Pause {
  /** `provider`, `stall`, `budget`, `student`, or the name that a person gave. */
  by: string;
  reason: string;
}

/**
 * What people may change while a run lives. Always sent whole, with a version: a later one replaces an earlier one,
 * so a signal that arrives twice or late changes nothing.
 */
export interface Settings {
  version: number;
  paused: Pause | null;
  /** `finish`: calls in flight are awaited and stored. `now`: they are aborted. */
  cancel: 'finish' | 'now' | null;
  budget: Budget;
  /** Calls in flight at once by teacher, where people changed it. */
  concurrency: Record<string, number>;
  /** Limits of the endpoint by teacher, where people changed them. */
  limits: Record<string, EndpointLimits>;
  /** Accepted examples, where people changed how many are wanted. */
  target?: number;
  /** Where people changed them. */
  thresholds?: Thresholds;
  /** Files of seed tasks that people added, oldest first. */
  addedSeeds?: Ref[];
  /** The newest decision on a round that waited for people; absent before the first. */
  reviewed?: ReviewDecision;
}

export type RunPhase = 'preparing' | 'generating' | 'exporting' | 'done';
export type RunStateName =
  | 'running'
  | 'waiting-for-review'
  | 'paused'
  | 'cancelling'
  | 'finished'
  | 'cancelled'
  | 'failed';

/** What the loop tells the run at the start of each step: enough to find the shards and to draw a table. */
export interface LoopReport {
  round: number;
  /** In words: `asking for instructions`, `training the student`, … */
  step: string;
  /** Workflow ids of the shards that may be at work now. */
  shards: string[];
  totals: Counts;
  rounds: RoundRow[];
  /** Nothing is generated any more: DEITA's stages are at work. */
  hasGenerated?: boolean;
  /** The selection is made. */
  hasSelected?: boolean;
  /** Only while the round waits for people. */
  review?: ReviewWanted;
  /** Only after a decision that is not used: the one that was made on the round before it. */
  standing?: ReviewDecision;
}

/** One line of the table that the Temporal UI shows. */
export interface RoundRow {
  round: number;
  calls: number;
  candidates: number;
  accepted: number;
  attractiveBatches: number | null;
  heldOutLoss: LossChange | null;
  note: string;
}

export interface RunStatus {
  state: RunStateName;
  phase: RunPhase;
  stopReason: string | null;
  settings: Settings;
  loop: LoopReport | null;
  /** null: nothing waits for people. */
  review: ReviewWait | null;
}

export interface PauseRequest {
  by: string;
  reason: string;
}

/** Limits that are named are set, or taken away by null; the others stay. */
export interface BudgetRequest {
  by: string;
  budget: Partial<Budget>;
}

export interface ConcurrencyRequest {
  by: string;
  /** A teacher of the recipe. */
  teacher: string;
  concurrency: number;
}

/** Limits that are named are set, or taken away by null; the others stay. */
export interface LimitsRequest extends Partial<EndpointLimits> {
  by: string;
  /** A teacher of the recipe. */
  teacher: string;
}

export interface TargetRequest {
  by: string;
  /** Accepted examples. */
  target: number;
}

/** Thresholds that are named are set; the others stay. */
export interface ThresholdsRequest {
  by: string;
  thresholds: Thresholds;
}

export interface AddSeedsRequest {
  by: string;
  /** In the run's store. */
  seeds: Ref;
  /** Where they are from, for people. */
  file: string;
}

/** What some calls of one phase came to, for the endpoint's limits. */
export interface CallReport {
  runId: string;
  phase: CallPhase;
  /** Calls that sent a request; those that were answered from the store say nothing about the endpoint. */
  calls: number;
  requests: number;
  tokens: number;
  /** Tokens that one request may need, as long as nothing better is known. */
  estimate: number;
}

/** What holds at an endpoint. */
export interface LimitsStatus {
  limits: EndpointLimits;
  /** What each run asked for. */
  runs: Record<string, EndpointLimits>;
  /** The rate that was derived from it; null: no limit. */
  callsPerSecond: number | null;
  /** `workers`: the server is too old to do it. */
  heldBy: 'server' | 'workers';
}

/** A shard that cannot afford its next call asks the loop for more. */
export interface LeaseRequest {
  shardId: string;
  /** Answers name the request that they answer; a newer one replaces an older one. */
  number: number;
  /** Spent and reserved so far; the rest of its lease goes back. */
  used: Spend;
  /** Calls that it could make at once. */
  calls: number;
  /** Nothing of it is in flight, so that nothing can come back by itself. */
  isIdle: boolean;
}

/** What the loop sets aside for a shard. */
export interface Lease {
  /** Of the request. */
  number: number;
  /** Of the settings whose budget it is from: who has heard of newer ones asks again. */
  version: number;
  /** What the shard has used included. */
  lease: Spend;
}

// Updates, not signals: the caller learns whether the change was taken, and why not.
export const pauseUpdate = defineUpdate<RunStatus, [PauseRequest]>('pause');
export const resumeUpdate = defineUpdate<RunStatus, [{ by: string }]>('resume');
export const cancelUpdate = defineUpdate<RunStatus, [{ by: string; now: boolean }]>('cancel');
export const setBudgetUpdate = defineUpdate<RunStatus, [BudgetRequest]>('setBudget');
export const setConcurrencyUpdate = defineUpdate<RunStatus, [ConcurrencyRequest]>('setConcurrency');
export const setLimitsUpdate = defineUpdate<RunStatus, [LimitsRequest]>('setLimits');
export const setTargetUpdate = defineUpdate<RunStatus, [TargetRequest]>('setTarget');
export const setThresholdsUpdate = defineUpdate<RunStatus, [ThresholdsRequest]>('setThresholds');
export const addSeedsUpdate = defineUpdate<RunStatus, [AddSeedsRequest]>('addSeeds');
export const reviewUpdate = defineUpdate<RunStatus, [ReviewRequest]>('review');
export const statusQuery = defineQuery<RunStatus>('status');

// Between the workflows of one run, by workflow id only, so that they reach whatever run of the loop is current.
export const settingsSignal = defineSignal<[Settings]>('settings');
export const loopReportSignal = defineSignal<[LoopReport]>('loopReport');
export const loopEndedSignal = defineSignal<[LoopResult]>('loopEnded');
export const leaseWantedSignal = defineSignal<[LeaseRequest]>('leaseWanted');
export const leaseSignal = defineSignal<[Lease]>('lease');
/** Something that only a person can mend. `version` = settings under which it happened: older ones are ignored. */
export const blockedSignal = defineSignal<[{ version: number; pause: Pause }]>('blocked');

// To the limits workflow of an endpoint, whose id is the name of the endpoint's queue.
/** Replaces what the run declared before; without any limit the run leaves. */
export const limitsDeclaredSignal = defineSignal<[{ runId: string } & EndpointLimits]>('limitsDeclared');
export const callsMadeSignal = defineSignal<[CallReport]>('callsMade');
export const limitsStatusQuery = defineQuery<LimitsStatus>('limitsStatus');
