/** What run, workers and people tell each other about rounds that wait for review. */
import type { Candidate, Ref } from './types.js';

/** What becomes of a round that nobody reviews in time. */
export type OnTimeout = 'approve' | 'reject' | 'pause';

/** The part of a recipe that says when a run waits for people. */
export interface ReviewRule {
  /** Rounds N, 2N, 3N and so on wait, those that brought something. */
  every: number;
  timeoutMs: number;
  onTimeout: OnTimeout;
}

/** The loop has come to a round that people are to look at. */
export interface ReviewWanted {
  round: number;
  /** Examples of the round, and how many of them the sample shows. */
  accepted: number;
  sampled: number;
  /** When the loop began to wait, ISO 8601. */
  since: string;
  /** Decisions so far that could not be used, and why the last one could not; null: there is none. */
  unusable: number;
  problem: string | null;
}

/** The same with what the run makes of it. */
export interface ReviewWait extends ReviewWanted {
  /** When the run decides by itself, ISO 8601; null: not while it is paused. */
  until: string | null;
  onTimeout: OnTimeout;
}

/** A person's word on a round. */
export interface ReviewRequest {
  by: string;
  round: number;
  /** `approve`: what no verdict rejects is accepted. `reject`: nothing is. */
  decision: 'approve' | 'reject';
  /** On the round as a whole. */
  note: string | null;
  /** JSONL of `ReviewVerdict` on single examples; null: there are none. */
  verdicts: Ref | null;
}

/** A person's verdict on one accepted example; JSON Lines. */
export interface ReviewVerdict {
  id: string;
  verdict: 'approve' | 'reject' | 'edit';
  note?: string;
  /** With `edit`: the new text; what is not given stays. */
  instruction?: string;
  input?: string;
  output?: string;
}

/** What was decided on a round; `review.json`. */
export interface ReviewDecision {
  round: number;
  /** The name that a person gave; `timeout` where nobody decided. */
  by: string;
  /** ISO 8601. */
  at: string;
  decision: 'approve' | 'reject';
  isTimeout: boolean;
  /** On the round as a whole. */
  note: string | null;
  /** JSONL of `ReviewVerdict`; null: there are none. */
  verdicts: Ref | null;
  /** How many decisions on this round before it could not be used. */
  nth: number;
}

export interface OpenedReview {
  /** JSONL of `SampleRow`. */
  sample: Ref;
  /** It was decided before, by a run that has begun again. */
  isReviewed: boolean;
}

/** A person's word on one example. */
export interface ReviewedFields {
  by: string;
  verdict: ReviewVerdict['verdict'];
  note?: string;
  /** Of an edited one: the text as it was. */
  original?: Pick<Candidate, 'instruction' | 'input' | 'output'>;
}
