/** What the run, its loop and its shards are started with: small, serialisable, versioned. */
import type {
  Budget,
  CallPhase,
  Counts,
  Ref,
  RunContext,
  Spend,
  StudentRequest,
} from '../activities/types.js';
import type { RoundRow, Settings } from './messages.js';
import type { RunStateSnapshot } from './run-state.js';

/** The part of a recipe that decides in which order things happen; the rest is read from the store by activities. */
export interface RunPlan {
  recipe: string;
  method: 'self-instruct' | 'sedi';
  target: number;
  /** Calls of one round, phase after phase: instructions are screened before anything is paid for their answers. */
  ask: CallPhase;
  answer: CallPhase[];
  /** Who makes each phase's calls, then who takes over while that one is out. */
  teachers: Partial<Record<CallPhase, PhaseTeacher[]>>;
  budget: Budget;
  /** Every teacher has a known price, so that a budget in dollars can be kept. */
  isPriced: boolean;
  student: StudentRequest | null;
  stop: {
    maxRounds: number;
    maxCallsPerAccepted: number;
    stallRounds: number;
    stallYield: number;
  };
}

/** A teacher as the workflows need it. */
export interface PhaseTeacher {
  name: string;
  queue: string;
  /** Longest time a request may take; the activity's own limit lies above it. */
  requestTimeoutMs: number;
  /** Calls in flight at once, unless people changed it. */
  concurrency: number;
}

export interface RecipeRunInput {
  schemaVersion: 1;
  run: RunContext;
  plan: RunPlan;
  /** Search attributes that this server is known to have; others are never set. */
  searchAttributes: string[];
  /** Events of one workflow run after which the next one begins; tests make it small. */
  eventsPerRun?: number;
  /** What a run carries over when it continues as new. */
  carried?: RunStateSnapshot;
}

/** Everything that the loop carries from one round to the next. */
export interface LoopState {
  schemaVersion: 1;
  run: RunContext;
  plan: RunPlan;
  settings: Settings;
  round: number;
  heldOut: Ref | null;
  /** The student after the last round. */
  checkpoint: Ref | null;
  totals: Counts;
  /** Calls so far that asked for new instructions; with the accepted ones they tell how many the next round needs. */
  askCalls: number;
  /** The newest rounds, for people; the store has all of them. */
  rounds: RoundRow[];
  /** Rounds in a row whose yield was under the stall limit. */
  stalledRounds: number;
}

/** How the loop ended; it reaches the run as a signal, so that the run can continue as new meanwhile. */
export interface LoopResult {
  rounds: number;
  stopReason: string;
  totals: Counts;
  /** The newest rounds, the last one included. */
  table: RoundRow[];
  failed?: boolean;
}

export interface ShardInput {
  schemaVersion: 1;
  run: RunContext;
  round: number;
  phase: CallPhase;
  shard: number;
  /** Call indices `from` (included) to `to` (excluded); at most 500. */
  from: number;
  to: number;
  teachers: PhaseTeacher[];
  /** This shard is one of so many that share the teacher's concurrency. */
  lane: { index: number; of: number };
  /** Most that one call can cost. */
  highest: Spend;
  /** What the loop has set aside for it so far; null: the run has no budget. */
  lease: Spend | null;
  settings: Settings;
}
