/** What the run, its loop and its shards are started with: small, serialisable, versioned. */
import type { ReviewRule } from '../activities/review-messages.js';
import type {
  BatchCalls,
  Budget,
  CallPhase,
  Counts,
  EmbedRowsInput,
  ExtractionPhase,
  Ref,
  RunContext,
  ScoreRowsInput,
  ScoringPhase,
  Spend,
  StudentRequest,
  Thresholds,
  TrainScorerInput,
} from '../activities/types.js';
import type { PurseContent } from './budget.js';
import type { RoundRow, Settings } from './messages.js';
import type { RunStateSnapshot } from './run-state.js';

/** The part of a recipe that decides in which order things happen; the rest is read from the store by activities. */
export interface RunPlan {
  recipe: string;
  method: 'self-instruct' | 'sedi' | 'skillmix' | 'deita' | 'evolve';
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
  /** Only with method `skillmix`, which goes by it in place of `ask` and `answer`. */
  skillMix?: SkillMixPlan;
  /** DEITA's scoring and selection, behind generation or, with method `deita`, alone. */
  stages?: StagesPlan;
  /** Only with method `evolve`. */
  evolution?: EvolutionPlan;
  /** Those of the recipe's thresholds that can be changed while the run lives. */
  thresholds?: Thresholds;
  /** What people had set before the server lost the run's history. */
  set?: Partial<Pick<Settings, 'target' | 'thresholds' | 'concurrency' | 'limits' | 'addedSeeds'>>;
  /** Rounds wait for people; absent: none does. */
  review?: ReviewRule;
  stop: {
    maxRounds: number;
    maxCallsPerAccepted: number;
    stallRounds: number;
    stallYield: number;
  };
}

/** What the loop of Instruct-SkillMix goes by. */
export interface SkillMixPlan {
  /** null: skills and query types are given. */
  extraction: ExtractionPlan | null;
  /** Skills in one example. */
  k: number;
  /** False with `skills: none`. */
  needsSkills: boolean;
  hasShirkers: boolean;
  hasGate: boolean;
  extractOnly: boolean;
}

export interface ExtractionPlan {
  phases: ExtractionPhase[];
  maxRounds: number;
  /** A round that brings a smaller share of new names is the last one. */
  minNewShare: number;
}

/** What DEITA's stages go by. */
export interface StagesPlan {
  /** Calls about the rows of a part; none where the student does it all. */
  phases: ScoringPhase[];
  /** The student as scorer, with adapters that were given; null: others score, or nobody. */
  scorer: Pick<ScoreRowsInput, 'student' | 'maxTokens'> | null;
  /** The student as embedder; null: a teacher makes the vectors, or nobody. */
  embedder: Pick<EmbedRowsInput, 'student' | 'pooling' | 'maxTokens'> | null;
  selects: boolean;
  /** Rows that are to be selected; absent where all of them stay. */
  size?: number;
}

/** What DEITA's evolution goes by. */
export interface EvolutionPlan {
  /** Variants of one origin. */
  rounds: number;
  /** null: nothing is trained. */
  trainScorer: Pick<TrainScorerInput, 'student' | 'seed' | 'epochs' | 'batchSize' | 'heldOutShare'> | null;
}

/** A teacher as the workflows need it. */
export interface PhaseTeacher {
  name: string;
  queue: string;
  /** Longest time a request may take; the activity's own limit lies above it. */
  requestTimeoutMs: number;
  /** Calls in flight at once, unless people changed it. */
  concurrency: number;
  /** Time until a batch is looked at first; null: calls are made one by one. */
  batchPollMs: number | null;
  /** Limits of its endpoint, unless people changed them; null where there is none. */
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
}

export interface RecipeRunInput {
  schemaVersion: 1;
  run: RunContext;
  plan: RunPlan;
  /** Search attributes that this server is known to have; others are never set. */
  searchAttributes: string[];
  /** Events of one workflow run after which the next one begins; tests make it small. */
  eventsPerRun?: number;
  /** Of a fork: where it begins. */
  fork?: ForkState;
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
  /** Instruct-SkillMix: how far its extraction is. */
  mix?: MixState;
  /** DEITA's stages, once they have begun. */
  stages?: StagesState;
}

/** Where a fork begins: the loop's state after the rounds that it was given; `fork.json` in the store. */
export type ForkState = Pick<
  LoopState,
  'round' | 'checkpoint' | 'totals' | 'askCalls' | 'rounds' | 'stalledRounds' | 'mix' | 'stages'
>;

export interface StagesState {
  /** Why generation has ended; empty where rows are given. */
  reason: string;
  firstRound: number;
  /** null: not counted yet. */
  parts: number | null;
  rows: number;
  /** What generation has ended with. */
  target?: number;
}

export interface MixState {
  isExtracted: boolean;
  /** Rounds that extracted, and their calls. */
  rounds: number;
  calls: number;
}

/** How the loop ended; it reaches the run as a signal, so that the run can continue as new meanwhile. */
export interface LoopResult {
  rounds: number;
  stopReason: string;
  totals: Counts;
  /** The newest rounds, the last one included. */
  table: RoundRow[];
  /** Accepted examples that it went by. */
  target?: number;
  failed?: boolean;
}

/** What a shard or a batch of calls came to. */
export interface PartResult {
  spent: Spend;
  /** The provider's first words where it has refused every request for good; null otherwise. */
  refusal: string | null;
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

/** What a batch is started with, and what it carries over when it continues as new. */
export interface BatchState {
  schemaVersion: 1;
  calls: BatchCalls;
  teacher: PhaseTeacher;
  /** Most that one call can cost. */
  highest: Spend;
  /** What the loop has set aside for it so far; null: the run has no budget. */
  lease: Spend | null;
  settings: Settings;
  /** Events after which it continues as new; tests make it small. */
  eventsPerRun?: number;
  carried?: {
    purse: PurseContent;
    /** Questions for more of the budget so far. */
    leaseRequests: number;
    /** Files so far. */
    submission: number;
    /** The file that is at the provider now. */
    open: OpenBatch | null;
    /** Requests that a file may have, once the provider's queue was found full; null: it was not. */
    maxRequests: number | null;
    /** Files in a row that brought no call any further, and those that the provider had no room for. */
    barren: number;
    full: number;
  };
}

export interface OpenBatch {
  batchId: string;
  requests: number;
  /** Most that its requests can cost. */
  highest: Spend;
  /** The provider was asked to call it off. */
  isCalledOff: boolean;
  /** Until the next look. */
  pollMs: number;
}
