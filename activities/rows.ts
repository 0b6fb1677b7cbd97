/** Rows of the files that activities hand to each other through the store. */
import type { ConversationTurn } from '../methods/conversation-row.js';
import type { TokenLogprob } from '../methods/prompt.js';
import type { CallFailure, CandidateCall, MissingScore } from './types.js';

/** `plan.jsonl`: one planned call. Its prompt is built from this, the seed pool and the recipe, always alike. */
export interface PlanRow {
  callIndex: number;
  /** Seeds shown in the prompt; of the candidate's own call where the phase answers an instruction. */
  seedIds: string[];
  /** Candidate whose instruction is put to the teacher; null where new ones are asked for. */
  candidateId: string | null;
  /** For `instances`: which of the two prompts. */
  isClassification: boolean | null;
  /** Instruct-SkillMix: what the call is about. */
  mix?: MixChoice;
  /** DEITA: what the call is about. */
  deita?: DeitaChoice;
  /** SHA-256 of the prompt's body. */
  promptHash: string;
  /** How many earlier calls of this run ask exactly this prompt. */
  nth: number;
}

/** `shard-00.calls.jsonl`: what became of one planned call. A pure function of stored answers and of the failures. */
export interface CallRow extends Omit<CandidateCall, 'callKey'> {
  callIndex: number;
  outcome: 'answered' | CallFailure;
  /** Key of the answer that counts: the first usable one, else the last; null when none was stored. */
  callKey: string | null;
  /** The same without the scope of `teacher.reuse`: what candidates are named after, alike in every run. */
  sampleKey: string | null;
  /** The answer's text; null without one. */
  text: string | null;
  /** What its first token might have been, likeliest first; absent where no logprobs came. */
  firstToken?: TokenLogprob[];
  truncated: boolean;
  /** Which of the call's requests brought the answer that counts; null without one. */
  via: AnsweredVia | null;
  /** Its JSON had to be mended before it could be read. */
  isMended: boolean;
}

/** The call's own request, the one that showed the model its error, or one for another sample. */
export type AnsweredVia = 'first' | 'repair' | 'fresh';

/** `seeds.jsonl` and `heldout-given.jsonl` hold `Seed`; `waiting.jsonl` holds this, as `batches.jsonl` does inside. */
export interface ExampleRow {
  id: string;
  instruction: string;
  input: string;
  output: string;
}

/** What a call of Instruct-SkillMix is about; each phase has its own of these. */
export interface MixChoice {
  /** `draft`: what the example is asked to be; the name of its query type. */
  skills?: string[];
  queryType?: string;
  /** Later turns: call index of their conversation's draft. */
  draft?: number;
  /** `topic-skills`. */
  topic?: string;
  /** `row-skills`: index in `source-rows`. */
  row?: number;
  /** `embeddings` and `synonyms`: names of skills. */
  names?: string[];
}

/** What a call of DEITA is about; each phase has its own of these. */
export interface DeitaChoice {
  /** `complexity` and `quality`: index in the round's `rows.jsonl`, and of the turn. `vectors`: the first row. */
  row?: number;
  turn?: number;
  /** `vectors`: the row behind the last one. */
  to?: number;
  /** `complexity` and `quality`: a second look, for the calibration alone. */
  isAgain?: boolean;
  /** Evolution: index of the origin. */
  origin?: number;
  /** `evolve`: in which way. */
  strategy?: string;
  /** `rank`: variants in the order in which they are shown. */
  order?: number[];
}

/** A row of `data`, as it was given and as DEITA reads it. */
export interface GivenRow {
  /** The row's own where it has one that no other has; else `row-` and its number. */
  id: string;
  /** One at least. */
  turns: ConversationTurn[];
  /** In its file, from 1. */
  row: number;
  example: Record<string, unknown>;
}

/** `originals.jsonl` of a round, beside its `rows.jsonl`. */
export type OriginalRow = Pick<GivenRow, 'row' | 'example'>;

/** `scores.jsonl` of a round: one row's scores, turn by turn. */
export interface ScoredRow {
  id: string;
  /** 1 to 6 each; null where it is missing. */
  complexity: (number | null)[];
  quality: (number | null)[];
  /** Sum over the turns of complexity × quality; null where one of them is missing. */
  score: number | null;
  /** Why; null with a score. */
  missing: MissingScore | null;
  /** The same turns as scored a second time, where they were. */
  again?: { complexity: (number | null)[]; quality: (number | null)[] };
}

/** `rankings.jsonl`: what became of one origin's variants. */
export interface Ranking {
  /** Id of the given row. */
  origin: string;
  /** Variants that were not eliminated. */
  survivors: number;
  /** What was ranked: 0 is the origin, n what round n has made of it. Without survivors the origin alone. */
  variants: number[];
  /** 1 to 6 each, in the order of `variants`; null: they were not ranked. */
  scores: number[] | null;
  /** Why there are no scores; null with scores. */
  missing: 'no-survivors' | CallFailure | null;
  call: CandidateCall | null;
}

/** `selection.jsonl`: what became of one row. */
export interface SelectionRow {
  id: string;
  score: number | null;
  /** `not-reached`: enough were selected before it. */
  verdict: 'selected' | 'similar' | 'not-reached' | 'score-missing' | 'vector-missing';
  /** Its place among the selected ones, from 1; null for others. */
  rank: number | null;
  /** Of `similar`: the nearest row that was selected before it. */
  nearest?: { id: string; cosine: number };
}

/** `selection.json`. */
export interface SelectionReport {
  rows: number;
  selected: number;
  similar: number;
  notReached: number;
  scoreMissing: number;
  vectorMissing: number;
  comparisons: number;
  /** null for a rule without one. */
  tau: number | null;
  /** Nearest-neighbour cosines of a sample; null where no vectors were needed. */
  histogram: { sampled: number; bins: { from: number; to: number; count: number }[] } | null;
  warning: string | null;
}

/** `skills.jsonl`: one skill and where it comes from. */
export interface SkillRow {
  /** In snake_case. */
  skill: string;
  /** How often it was named, under this name or another. */
  named: number;
  /** Other names that were merged into it. */
  aliases: string[];
  /** Topics that it was named for. */
  topics: string[];
  /** Rows of the dataset that it was named for, from 1. */
  rows: number[];
}

/** `query-types.jsonl`. */
export interface QueryTypeRow {
  name: string;
  definition: string;
}

/** `source-rows`: a sampled row of a dataset; of its texts what a prompt shows. */
export interface SourceRow {
  /** In its file, from 1. */
  row: number;
  instruction: string;
  response: string;
}

/** `benchmark`: a prompt that no example may repeat. */
export interface BenchmarkPrompt {
  id: string;
  text: string;
}

/** `synonym-groups.jsonl`: names whose vectors are near. */
export interface SynonymGroup {
  names: string[];
}
