/**
 * What the report's page is given: all that it shows, as one JSON text. Types only, so that the page in the browser and the
 * command that reads the store share them. Every text is as the teacher wrote it: the page sets it as text, never as HTML.
 */
import type { CallPhase, LossChange, RejectReason } from '../../activities/types.js';

export interface ReportData {
  schemaVersion: 1;
  /** ISO 8601. */
  madeAt: string;
  /** Version of seedmill. */
  seedmill: string;
  run: ReportRun;
  /** The resolved recipe as YAML, without addresses and paths. */
  recipe: string;
  totals: ReportTotals;
  rounds: ReportRound[];
  similarity: ReportSimilarity | null;
  student: ReportStudent | null;
  /** DEITA's scores, of several turns their mean; null where nothing was scored. */
  scores: ReportScores | null;
  map: ReportMap | null;
  /** Instruct-SkillMix's skills and how often each pair was used; null for other methods. */
  coverage: ReportCoverage | null;
  /** What each of `examples` is: a candidate, whatever became of it, or a row, where rows were given. */
  unit: 'candidate' | 'row';
  examples: ReportExample[];
  /** What was changed while the run lived, oldest first. */
  changes: { at: string; by: string; what: string }[];
  /** What of the run is shown, where that is not all of it: `2,000 of 1,000,000 examples, drawn with seed 0`. */
  samples: string[];
}

export interface ReportRun {
  runId: string;
  recipe: string;
  method: string;
  state: string;
  stopReason: string | null;
  startedAt: string;
  target: number | null;
  forkedFrom: { runId: string; round: number } | null;
  paused: { by: string; reason: string } | null;
}

export interface ReportTotals {
  candidates: number;
  accepted: number;
  undecided: number;
  /** In the dataset: the first `target` accepted ones, or those that were selected; null until it is written. */
  examples: number | null;
  rejected: Partial<Record<RejectReason, number>>;
  calls: {
    planned: number;
    answered: number;
    failed: Record<string, number>;
    sent: number;
    fromStore: number;
  };
  tokens: { prompt: number; completion: number };
  /** null: the price is unknown. */
  costUsd: number | null;
  /** Most that requests with an unknown outcome can have cost on top. */
  unknownUsd: number | null;
}

export interface ReportRound {
  round: number;
  calls: number;
  candidates: number;
  accepted: number;
  rejected: Partial<Record<RejectReason, number>>;
  /** Of this round's requests; null: the price is unknown. */
  costUsd: number | null;
  heldOutLoss: LossChange | null;
  note: string;
}

export interface ReportSimilarity {
  /** `ROUGE-L` or `cosine`. */
  metric: string;
  /** A candidate more similar than this was rejected, in the newest round; null: none was. `changes` says whether it was another before. */
  threshold: number | null;
  /**
   * `rejected`: as too similar. `other`: rejected for another reason, undecided, or sampled among all rows before a selection
   * (cosine), which says nothing of what became of them.
   */
  bins: { from: number; to: number; accepted: number; rejected: number; other: number }[];
  /** Candidates of which only a bound is known, and that are in no bin. */
  bounded: number;
  /** The nearest pairs, accepted ones first. */
  pairs: {
    id: string;
    text: string;
    nearestId: string;
    nearestText: string;
    similarity: number;
    accepted: boolean;
  }[];
}

export interface ReportStudent {
  model: string;
  batches: {
    round: number;
    /** As the dataset names it, for example `r003-b007`. */
    batch: string;
    size: number;
    /** Mean loss before its training step, nats per answer token; null where it was not measured. */
    loss: number | null;
    /** What chose attractive batches; null where nothing was measured. */
    score: number | null;
    attractive: boolean;
    /** Ids of those that `examples` of the report has. */
    examples: string[];
  }[];
  /** On the reporting half. */
  heldOut: ({ round: number } & LossChange)[];
  /** Seeds that came of attractive batches. */
  seeds: { round: number; id: string; text: string; score: number | null }[];
}

export interface ReportScores {
  points: { id: string; complexity: number; quality: number; selected: boolean; text: string }[];
  /** Whether anything was selected at all. */
  hasSelection: boolean;
}

export interface ReportMap {
  /** `UMAP` or `PCA`. */
  by: string;
  /** Of what: `the student's embeddings`, `words of instruction and answer (TF-IDF): no model has embedded these rows`. */
  of: string;
  /** Rows or candidates that have no place on it, for they have no such thing; 0: all have one. */
  missing: { count: number; what: 'text' | 'vector' };
  points: { id: string; x: number; y: number; round: number; group: string; text: string }[];
}

export interface ReportCoverage {
  /** The most used skills, most used first: the heat map's rows and columns. */
  skills: { name: string; used: number }[];
  /** Indices into `skills`, each pair once. */
  pairs: { a: number; b: number; used: number }[];
  queryTypes: { name: string; used: number }[];
  /** In words: skills never used, pairs possible and used. */
  summary: string[];
}

export interface ReportExample {
  id: string;
  round: number;
  /** As the dataset names it, for example `r003-b007`; the batch may be of a later round than the example. */
  batch: string | null;
  /**
   * `dataset`, `surplus`, `not-selected`, `rejected`; while the run goes on `accepted` and `undecided`; of evolution
   * `accepted`: a variant that nothing speaks against, but not the best one, and `given`: a row that was evolved from, and is not
   * the best itself.
   */
  state: string;
  /** Of `rejected` and `not-selected`. */
  reason: string | null;
  /** Turns before the last one; empty but for given conversations. */
  history: { instruction: string; response: string }[];
  instruction: string;
  input: string;
  output: string;
  /** Whether a text above was cut for this page. */
  isCut: boolean;
  similarity: number | null;
  nearestId: string | null;
  complexity: number | null;
  quality: number | null;
  skills: string[];
  /** Kinds of personal data and secrets that it has, where the recipe flags them. */
  flags: string[];
  seeds: { id: string; text: string }[];
  calls: {
    /** null: nothing was answered. */
    key: string | null;
    phase: CallPhase;
    teacher: string;
    model: string;
    template: string;
    promptTokens: number;
    completionTokens: number;
    costUsd: number | null;
  }[];
  review: { by: string; verdict: string; note: string | null } | null;
}
