/**
 * The seam between workflows and the outside world: every message that crosses it, and every activity's
 * signature. Types only, so that workflows can import this file without dragging anything into their bundle.
 */
import type { ScanKind } from '../methods/scan/scan-kinds.js';
import type { OpenedReview, ReviewDecision, ReviewedFields, ReviewWait } from './review-messages.js';
import type {
  EmbedRowsInput,
  EmbedRowsResult,
  ScoreRowsInput,
  ScoreRowsResult,
  TrainRoundInput,
  TrainRoundResult,
  TrainScorerInput,
  TrainScorerResult,
} from './student-messages.js';

export type {
  EmbedRowsInput,
  ScoreRowsInput,
  TrainRoundInput,
  TrainRoundResult,
  TrainScorerInput,
} from './student-messages.js';

/** What a recipe asks of the student; the loop adds round, batches and checkpoint. */
export type StudentRequest = Pick<TrainRoundInput, 'student' | 'signal' | 'instructionSignal' | 'seed'>;

/** Data by reference: a name inside the run's store, the SHA-256 of its bytes (hex), and how many rows it has. */
export interface Ref {
  /** Path below the store's root, for example `quickstart-a1b2/rounds/003/plan.jsonl`. */
  uri: string;
  sha256: string;
  count: number;
}

/** Which run an activity works for, and which store its data lies in. */
export interface RunContext {
  runId: string;
  /** Only for messages to people: a worker that sees another store names both. */
  storeUrl: string;
  /** Content of the store's `store-id`; a worker whose store has another one refuses, retryably. */
  storeId: string;
}

/** One training item in Self-Instruct's terms. `input` is empty when the instruction stands alone. */
export interface Instance {
  input: string;
  output: string;
}

/** A task given by people (origin `human`) or refined from accepted examples (origin `machine`). */
export interface Seed {
  id: string;
  origin: 'human' | 'machine';
  instruction: string;
  instances: Instance[];
  /** null when the seed file does not say. */
  isClassification: boolean | null;
  /** Ids of the human seeds that this one descends from (its own id for a human seed). */
  ancestors: string[];
  /** Round that made it; 0 for human seeds. */
  round: number;
  /** SeDi's decayed rank score, 0 to 1; null for human seeds and wherever nothing was measured. */
  score: number | null;
  source?: string;
  licence?: string;
}

/** A held-out task. `steering` rows make the signals, `reporting` rows are only ever reported. */
export interface HeldOutRow extends Instance {
  id: string;
  half: 'steering' | 'reporting';
  instruction: string;
}

/**
 * What a teacher call of Self-Instruct or SeDi-Instruct is for.
 * `instructions`: a list of new instructions. `classify`: is this instruction a classification task?
 * `instances`: inputs and outputs for one instruction. `answers`: the answer to one instruction, directly.
 * `tasks`: instruction, input and output together (Alpaca's one-call form).
 */
export type SelfInstructPhase = 'instructions' | 'classify' | 'instances' | 'answers' | 'tasks';

/**
 * What a call of Instruct-SkillMix's extraction is for. By prompting: `topics`, then the skills of one topic
 * (`topic-skills`) and `query-types`. From a dataset: the skills that one row needs (`row-skills`), vectors of their names
 * (`embeddings`), and which of some neighbours are one skill (`synonyms`).
 */
export type ExtractionPhase =
  | 'topics'
  | 'topic-skills'
  | 'query-types'
  | 'row-skills'
  | 'embeddings'
  | 'synonyms';

/**
 * What a call of Instruct-SkillMix's generation is for: the turns of one example's conversation (`draft` to
 * `improve-rewrite`), a worse answer on purpose (`shirk`), and the quality gate (`judge`).
 */
export type SkillMixPhase =
  | 'draft'
  | 'draft-rewrite'
  | 'critique'
  | 'improve'
  | 'improve-rewrite'
  | 'shirk'
  | 'judge';

/**
 * What a call of DEITA's scoring is for: how complex the instruction of one turn is, how good its response is, and vectors of
 * whole rows.
 */
export type ScoringPhase = 'complexity' | 'quality' | 'vectors';

/**
 * What a call of DEITA's evolution is for: a variant of a text (`evolve`), whether it says anything new (`gain`), and the
 * ranking and scores of all variants of one origin (`rank`).
 */
export type EvolutionPhase = 'evolve' | 'gain' | 'rank';

/** What DEITA scores: how complex an instruction is, how good a response. */
export type Aspect = 'complexity' | 'quality';

export type DeitaPhase = ScoringPhase | EvolutionPhase;

export type CallPhase = SelfInstructPhase | ExtractionPhase | SkillMixPhase | DeitaPhase;

/**
 * Why a row has no score. `no-logprobs`: the endpoint gave none. `too-little-mass`: the score tokens are not what the model
 * would say. `no-score`: the judge's answer has none. `call-failed`: a turn's call failed.
 */
export type MissingScore = 'no-logprobs' | 'too-little-mass' | 'no-score' | 'call-failed';

export type RejectReason =
  // heuristics on the instruction
  | 'too-short'
  | 'too-long'
  | 'unsuited-word'
  | 'bad-start'
  | 'write-a-program'
  // similarity
  | 'similar'
  | 'heldout-leak'
  // instances
  | 'empty-output'
  | 'ends-with-colon'
  | 'output-equals-input'
  | 'conflicting-outputs'
  | 'duplicate-instance'
  | 'too-many-instances'
  // the answer itself
  | 'unparsable'
  | 'truncated'
  | 'no-instance'
  | 'instance-call-failed'
  // Instruct-SkillMix
  | 'turn-failed'
  // DEITA's evolution
  | 'no-gain'
  | 'unchanged'
  | 'refusal'
  | 'only-stop-words'
  | 'leaked-prompt'
  | 'empty'
  // any method
  | 'review'
  | 'contaminated'
  | 'personal-data'
  | 'low-quality'
  | 'score-missing';

export type Verdict =
  | { state: 'accepted' }
  | { state: 'undecided' }
  | { state: 'rejected'; reason: RejectReason; detail?: string };

export interface NearestNeighbour {
  id: string;
  /** ROUGE-L F-measure, 0 to 1, or cosine, -1 to 1. */
  similarity: number;
}

/** Nothing in the pool was more similar than this; which entry comes nearest was not looked for. */
export interface SimilarityBound {
  atMost: number;
}

/** One row of `candidates.jsonl`: a candidate with its verdict and lineage. */
export interface Candidate {
  /** hash(call key, position in the answer). */
  id: string;
  contentHash: string;
  round: number;
  /** Order over the whole run: (round, callIndex, position, instance). */
  callIndex: number;
  position: number;
  /** 0 for the first instance of an instruction; further instances are candidates of their own. */
  instance: number;
  instruction: string;
  input: string;
  output: string;
  isClassification: boolean | null;
  /** Every call that contributed, in order: the instruction list first, then classification and instances. */
  calls: CandidateCall[];
  seedIds: string[];
  /** Exact, or a proven bound; null where nothing was compared. */
  nearest: NearestNeighbour | SimilarityBound | null;
  verdict: Verdict;
  /** Kinds of personal data and secrets that it has, where the recipe flags them; absent where it has none. */
  flags?: ScanKind[];
  /** Instruct-SkillMix only. */
  mix?: MixFields;
  /** DEITA's evolution only. */
  evolution?: EvolvedFields;
  /** What a person said of it; absent: nobody looked at it. */
  review?: ReviewedFields;
}

/** What a variant was evolved from, and how. */
export interface EvolvedFields {
  /** Id of the given row, and its place among all of them, from 0. */
  origin: string;
  row: number;
  strategy: string;
  /** Whether it was judged to say anything new; null where that was not asked or not answered. */
  gain: boolean | null;
}

/** What an example of Instruct-SkillMix was asked to be, and what was done to it. */
export interface MixFields {
  /** In the order in which the prompt named them; none with `skills: none`. */
  skills: string[];
  /** Name of the query type. */
  queryType: string;
  /** Its answer was replaced by a worse one on purpose; null: it is the teacher's best. */
  shirker: ShirkerKind | null;
  /** What the gate gave it, 1 to 6; null where no gate has judged it. */
  score: number | null;
}

/** The paper's two kinds of low-quality answers: too brief, or long and unhelpful. */
export type ShirkerKind = 'brief' | 'junk';

export interface CandidateCall {
  phase: CallPhase;
  callKey: string;
  /** The recipe's name for the teacher that was asked. */
  teacher: string;
  /** As the endpoint names the one that answered. */
  model: string;
  template: string;
  templateHash: string;
  sampling: Sampling;
  promptTokens: number;
  completionTokens: number;
  /** null: no price is known for this model. */
  costUsd: number | null;
}

export interface Sampling {
  temperature: number;
  topP: number;
  presencePenalty: number;
  frequencyPenalty: number;
  maxTokens: number;
  stop: string[];
}

/** Why an answer is of no use. */
export type AnswerFailure = 'refused' | 'content-filter' | 'truncated' | 'unparsable';

/**
 * Why a planned call has no usable answer. `invalid-request`: the endpoint refused it. `unanswered`: it failed again and
 * again while others were answered.
 */
export type CallFailure = AnswerFailure | 'invalid-request' | 'unanswered' | 'cancelled';

/** What `callTeacher` returns into history: short, no text. */
export interface CallResult {
  callIndex: number;
  /**
   * `again`: its requests had no known end and have used up what was reserved for it. `out`: this teacher does not
   * answer; the next in the phase's list shall be asked.
   */
  outcome: 'answered' | CallFailure | 'again' | 'out';
  /** Requests that the last attempt sent. */
  requests: number;
  /** Of all attempts. */
  spend: Spend;
}

/** What requests may have cost: known bills exactly, unknown ones at their highest. Turned-away requests cost nothing. */
export interface Spend {
  calls: number;
  tokens: number;
  /** null: no price is known. */
  usd: number | null;
}

/** Most that a run may spend; null where there is no limit. */
export interface Budget {
  usd: number | null;
  calls: number | null;
  tokens: number | null;
}

export interface PlanCallsInput {
  run: RunContext;
  round: number;
  phase: CallPhase;
  /** For the phase that asks for new instructions: what is still missing, and how the calls so far did. */
  wanted?: { remaining: number; askCalls: number; accepted: number };
}

export interface CallPlan {
  plan: Ref;
  shards: PlannedShard[];
  /** How the calls go to the teacher's Batch API; null: they are made one by one. */
  batches: PlannedBatch[] | null;
}

/** Calls that go to a teacher's Batch API in one file: whole shards. */
export interface PlannedBatch {
  batch: number;
  /** Call indices `from` (included) to `to` (excluded). */
  from: number;
  to: number;
  /** Most that one of its calls can cost, its repair and fresh samples included. */
  highest: Spend;
}

export interface PlannedShard {
  shard: number;
  /** Call indices `from` (included) to `to` (excluded). */
  from: number;
  to: number;
  /** Most that one of its calls can cost, its repair and fresh samples included. */
  highest: Spend;
}

export interface CallTeacherInput {
  run: RunContext;
  round: number;
  phase: CallPhase;
  shard: number;
  callIndex: number;
  /** Which of the phase's teachers: 0 makes its calls, others take over while it is out. */
  place: number;
  /** What was reserved for it; without a budget there is no such limit. */
  reserved?: Spend;
}

export interface CloseShardInput {
  run: RunContext;
  round: number;
  phase: CallPhase;
  shard: number;
  from: number;
  to: number;
  /** Calls that ended without any stored answer. */
  failed: { callIndex: number; reason: CallFailure }[];
  /** Calls that another than the phase's own teacher made. */
  standIns: { callIndex: number; place: number }[];
}

/** The calls of one planned batch. What is missing after its first file goes into a second one, and so on. */
export interface BatchCalls {
  run: RunContext;
  round: number;
  phase: CallPhase;
  batch: number;
  from: number;
  to: number;
}

export interface SubmitBatchInput extends BatchCalls {
  /** Files of these calls before this one. */
  submission: number;
  /** Requests that it may have; null: as many as the endpoint takes. */
  maxRequests: number | null;
  /** What it may cost at most; null: nothing limits it. */
  afford: Spend | null;
  /** It may have been sent already, and shall not be otherwise. */
  isMade?: boolean;
}

export type SubmittedBatch =
  | {
      outcome: 'sent';
      batchId: string;
      requests: number;
      /** Most that they can cost. */
      highest: Spend;
    }
  /** Nothing is left to do for this file: all of it was answered, or booked as refused, before. */
  | { outcome: 'sent-before' }
  /** Calls are missing, but not even the first of them may be paid for. */
  | { outcome: 'unaffordable' }
  /** No call is missing. */
  | { outcome: 'complete' };

/** One file that was sent, as its provider knows it. */
export interface SentBatch extends BatchCalls {
  submission: number;
  batchId: string;
}

/** How far the provider is. */
export interface BatchLook {
  /** In the provider's word. */
  status: string;
  hasEnded: boolean;
  total: number;
  completed: number;
  failed: number;
}

export interface CollectedBatch {
  /** Calls that are a step further by it: answered, or dropped for good. */
  brought: number;
  /** Of all its requests. */
  spend: Spend;
  /** Why the provider refused the file or some of its requests; null: it refused none. */
  trouble: BatchTrouble | null;
}

/**
 * `refused`: the whole file. `queue-full`: the whole file, for the requests that are waiting already. `access`: the key or
 * the account. `requests`: some requests failed, and may succeed the next time.
 */
export interface BatchTrouble {
  kind: 'refused' | 'queue-full' | 'access' | 'requests';
  /** The provider's words, redacted. */
  message: string;
}

export interface CloseBatchInput extends BatchCalls {
  isCancelled: boolean;
}

export type Tally<K extends string = string> = Partial<Record<K, number>>;

export interface ShardSummary {
  /** The provider's first words where it has refused every request of the shard for good; null otherwise. */
  refusal: string | null;
  calls: Ref;
  ledger: Ref;
}

/** Sums over rounds, or of one round; recomputed from the store whenever a phase ends. */
export interface Counts {
  calls: {
    planned: number;
    answered: number;
    failed: Tally<CallFailure>;
    /** Of `answered`: JSON mended without asking, after a repair request, after a fresh sample. */
    mended: number;
    repaired: number;
    reAsked: number;
    /** Of `failed`: there were answers, none of use (refused, filtered, cut off, unparsable), and no more samples. */
    givenUp: number;
  };
  candidates: { parsed: number; accepted: number; undecided: number; rejected: Tally<RejectReason> };
  /** Accepted candidates with a flag, by its kind; only where there are any. */
  flagged?: Tally<ScanKind>;
  /** Only of runs with a quality gate. */
  gate?: GateCounts;
  /** Only of runs with DEITA's scores. */
  scoring?: ScoringCounts;
  /** Requests sent, answers taken from the response store, attempts that failed, attempts without a known outcome. */
  attempts: { sent: number; fromStore: number; failed: number; unknown: number };
  tokens: {
    prompt: number;
    completion: number;
    /** Most that the attempts without a known bill can have used. */
    unknown: number;
  };
  /** Of attempts whose bill is known; null as soon as one of them has no known price. */
  costUsd: number | null;
  /** Most that the attempts without a known bill can have cost; null where their price is unknown. */
  unknownUsd: number | null;
}

/** What DEITA's scoring came to. */
export interface ScoringCounts {
  rows: number;
  scored: number;
  missing: Tally<MissingScore>;
}

/** What a quality gate did: it should catch the shirkers and let the others pass. */
export interface GateCounts {
  judged: number;
  /** Of the judged: those whose answer was made worse on purpose, and how many of these were rejected. */
  shirkers: number;
  caught: number;
  /** Rejected ones that were no shirkers. */
  dropped: number;
}

export interface RoundInput {
  run: RunContext;
  round: number;
}

/** Thresholds that people have changed, by their keys in the recipe. */
export interface Thresholds {
  /** Highest ROUGE-L of a new instruction to anything in the pool. */
  'filter.poolThreshold'?: number;
  /** Lowest score of an example that is good enough. */
  'gate.threshold'?: number;
  /** Highest cosine to a selected row, or a quantile like `q0.9`. */
  'select.tau'?: number | string;
}

/** A step that gives verdicts. */
export interface VerdictInput extends RoundInput {
  /** Where people have changed them. */
  thresholds?: Thresholds;
}

/** The calls of one kind in one round. */
export interface RoundPhase extends RoundInput {
  phase: CallPhase;
}

/** What one round of extraction came to. */
export interface GatheredSkills {
  /** All so far. */
  skills: number;
  queryTypes: number;
  /** Names that this round's answers gave, and how many of these were not known before. */
  named: number;
  added: number;
  /** The same for people. */
  note: string;
}

/** Mean answer-token loss over held-out rows before and after a round's training, nats per token. */
export interface LossChange {
  before: number;
  after: number;
}

/** What `progress.json` holds: written by the loop at each step, read by `status` with or without a server. */
export interface Progress {
  schemaVersion: 1;
  runId: string;
  /** When it was written, ISO 8601. */
  at: string;
  round: number;
  /** Phase whose calls are being made, or null between phases. */
  phase: CallPhase | null;
  step: string;
  target: number;
  /** Rounds before this one. */
  before: Counts;
  current: Counts;
  /** What each refined round came to. */
  rounds: {
    round: number;
    heldOutLoss: LossChange | null;
    attractiveBatches: number;
    note: string;
    warnings: string[];
  }[];
}

export interface RecordProgressInput extends RoundInput {
  phase: CallPhase | null;
  step: string;
  target: number;
  before: Counts;
}

/** What a round comes to so far. */
export interface RecordedProgress extends Counts {
  /** The round behind it was begun before: the run begins again. */
  isFollowed?: true;
}

export interface ComposeInput extends RoundInput {
  target: number;
  /** Accepted examples of earlier rounds. */
  acceptedBefore: number;
}
export interface ComposeResult {
  batches: Ref;
  waiting: Ref;
}

/** Rows that DEITA's stages begin with. */
export interface OpenedRows {
  rows: number;
  /** Rounds that they take, the first one included. */
  parts: number;
}

/** What a part of the rows came to. */
export interface GatheredScores {
  rows: number;
  /** null: nobody scores. */
  scoring: ScoringCounts | null;
}

/** What the ranking of all variants came to. */
export interface GatheredRankings {
  /** JSONL of `ScorerPair`. */
  pairs: Ref;
  /** Origins that they are of. */
  ranked: number;
  /** For people. */
  note: string;
}

export interface SelectRowsInput {
  run: RunContext;
  /** First and last round of the stages. */
  from: number;
  to: number;
  /** Where people have changed them. */
  thresholds?: Thresholds;
}

export interface RefineInput extends RoundInput {
  /** null: nothing was measured in this round. */
  signal: Ref | null;
  loss: LossChange | null;
  /** Files of seed tasks that people have added since the run was started; those that joined earlier join no more. */
  addedSeeds?: Ref[];
}
export interface RefineResult {
  pool: Ref;
  attractiveBatches: number;
  added: number;
  removed: number;
  /** Sentence for people: why the seeds are as they are. */
  note: string;
  warnings: string[];
}

export interface ExportInput {
  run: RunContext;
  target: number;
  rounds: number;
  state: 'finished' | 'cancelled';
  stopReason: string;
}
export interface ExportResult {
  /** Folder below the store's root. */
  dataset: string;
  train: Ref;
  surplus: Ref;
}

/** Limits of a teacher's endpoint; null where there is none. */
export interface EndpointLimits {
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
}

/** What a run asks of the endpoint behind one queue. */
export interface QueueLimits extends EndpointLimits {
  queue: string;
}

/** A run's state between people's changes; `state.json` in the store. */
export interface RecordedState {
  state: string;
  stopReason: string | null;
  paused: { by: string; reason: string } | null;
  /** As people have set it since the run was started. */
  budget: Budget;
  /** Where people have set them. */
  target?: number;
  thresholds?: Thresholds;
  /** The same by teacher: calls in flight at once, limits of its endpoint. */
  concurrency?: Record<string, number>;
  limits?: Record<string, EndpointLimits>;
  /** Files of seed tasks, oldest first. */
  addedSeeds?: Ref[];
  /** The round that waits for people; absent: none does. */
  review?: ReviewWait;
}

/** What was changed in a run while it lived: by a person, or by the run itself where it paused. */
export interface RecordedChange {
  /** Of the settings that hold since then. */
  version: number;
  /** ISO 8601. */
  at: string;
  /** The name that a person gave; `budget`, `provider`, `stall`, … where the run paused itself. On one line, without escapes. */
  by: string;
  /** In words, on one line, without escapes: `target 500 → 800`, `paused: lunch`. */
  what: string;
}

export interface RecordStateInput extends RecordedState {
  run: RunContext;
  /** Changes that are not in the store yet. */
  changes?: RecordedChange[];
}

/** Light I/O on queue `seedmill`. */
export interface StoreActivities {
  prepareRun(input: { run: RunContext }): Promise<{ pool: Ref; heldOut: Ref | null }>;
  planCalls(input: PlanCallsInput): Promise<CallPlan>;
  closeShard(input: CloseShardInput): Promise<ShardSummary>;
  closeBatch(input: CloseBatchInput): Promise<void>;
  /** Instruct-SkillMix: what the last round of extraction found is what examples are drawn from. */
  keepLists(input: RoundInput): Promise<void>;
  /** DEITA: the rows of a round, as they lie in the store. */
  rowsOf(input: RoundInput): Promise<Ref>;
  /** DEITA with the student as its scorer: the prompts of a round's turns, and the adapter that it scores them with. */
  scorerPrompts(input: RoundInput & { aspect: Aspect }): Promise<{ prompts: Ref; adapter: Ref }>;
  /** DEITA's evolution: the scorer that the student has trained is part of what is exported. */
  keepScorer(input: { run: RunContext; trained: TrainScorerResult }): Promise<{ note: string }>;
  /** Draws what people are shown of a round. */
  openReview(input: RoundInput): Promise<OpenedReview>;
  /**
   * Keeps the decision on a round, the first one. Returns the one that stands where another was made before, else null; earlier
   * versions gave nothing. Fails as `BadReview` when its verdicts cannot be applied.
   */
  keepReview(input: RoundInput & { decision: ReviewDecision }): Promise<ReviewDecision | null>;
  recordProgress(input: RecordProgressInput): Promise<RecordedProgress>;
  recordState(input: RecordStateInput): Promise<void>;
  /** As of the queue `cpu`, for runs that an earlier version has brought this far. */
  exportDataset(input: ExportInput): Promise<ExportResult>;
}

/** Limits of the teachers' endpoints, on queue `seedmill`. */
export interface LimitActivities {
  /** Tells each endpoint's limits workflow what a run asks of it, and starts those that are needed. */
  declareLimits(input: { runId: string; limits: QueueLimits[] }): Promise<void>;
  /** Calls per second that the server hands out of a queue; null takes the limit away. */
  setQueueRate(input: { queue: string; perSecond: number | null }): Promise<{
    /** `workers`: the server has no such limit, so that each worker keeps its share of it. */
    heldBy: 'server' | 'workers';
  }>;
  /** Those of the runs that are not open any more. */
  findEndedRuns(input: { runIds: string[] }): Promise<string[]>;
}

/** Calls of one teacher, on queue `teacher-<name>-<hash of endpoint>`. */
export interface TeacherActivities {
  callTeacher(input: CallTeacherInput): Promise<CallResult>;
  submitBatch(input: SubmitBatchInput): Promise<SubmittedBatch>;
  checkBatch(input: SentBatch): Promise<BatchLook>;
  cancelBatch(input: SentBatch): Promise<BatchLook>;
  collectBatch(input: SentBatch): Promise<CollectedBatch>;
}

/** What compares instructions with each other, on queue `cpu`. */
export interface CpuActivities {
  screenCandidates(input: VerdictInput): Promise<{ candidates: Ref; undecided: number }>;
  decideCandidates(input: RoundInput): Promise<{ candidates: Ref; accepted: number }>;
  composeBatches(input: ComposeInput): Promise<ComposeResult>;
  refineSeeds(input: RefineInput): Promise<RefineResult>;
  /** Instruct-SkillMix: what the answers of an extraction round add to the lists. */
  gatherSkills(input: RoundInput): Promise<GatheredSkills>;
  /** Groups of skills whose vectors are near, for the teacher to decide on. */
  proposeSynonyms(input: RoundInput): Promise<{ groups: Ref }>;
  /** Merges what the teacher called one skill. */
  mergeSynonyms(input: RoundInput): Promise<GatheredSkills>;
  /** Every finished conversation as a candidate with its first verdict. */
  assembleExamples(input: VerdictInput): Promise<{ candidates: Ref; undecided: number }>;
  /** The last verdict, after shirkers and gate. */
  decideExamples(input: VerdictInput): Promise<{ candidates: Ref; accepted: number }>;
  /** DEITA: the rows to be scored, in parts for rounds from this one on. */
  openRows(input: RoundInput & { target: number }): Promise<OpenedRows>;
  /** DEITA: the scores of a round's rows, and their vectors where calls have made them. */
  gatherScores(input: RoundInput): Promise<GatheredScores>;
  /** DEITA's evolution: what a round's calls have made, with first verdicts. */
  gatherVariants(input: RoundInput): Promise<{ variants: Ref; undecided: number }>;
  /** DEITA's evolution: the last verdicts. */
  decideVariants(input: RoundInput): Promise<{ variants: Ref; accepted: number; note: string }>;
  /** DEITA's evolution: the scores of all variants, and what a scorer learns from them. */
  gatherRankings(input: RoundInput): Promise<GatheredRankings>;
  /** DEITA: chooses among the rows of all parts. */
  selectRows(input: SelectRowsInput): Promise<{ selection: Ref; selected: number }>;
  /** The dataset: all rows of it pass through memory, away from what keeps other activities alive. */
  exportDataset(input: ExportInput): Promise<ExportResult>;
}

/** Implemented in Python (models/student), on queue `student`. */
export interface StudentActivities {
  trainRound(input: TrainRoundInput): Promise<TrainRoundResult>;
  /** A vector per conversation. Cached by content for every run of the store. */
  embedRows(input: EmbedRowsInput): Promise<EmbedRowsResult>;
  /** DEITA's `logits` scores of ready prompts, by the model alone or with an adapter of `trainScorer`. */
  scoreRows(input: ScoreRowsInput): Promise<ScoreRowsResult>;
  /** DEITA's scorer: a LoRA adapter trained on pairs of prompt and score. */
  trainScorer(input: TrainScorerInput): Promise<TrainScorerResult>;
}
