/** How varied a round is (**ours**): distinct-2, nearest neighbours, ancestors; and a warning when it collapses. */
import type { Seed } from '../../activities/types.js';
import type { Tokenisation } from '../../similarity/tokenise.js';

export interface DiversityReport {
  round: number;
  instructions: number;
  /** Different bigrams over all bigrams of the instructions (Li et al. 2016), 0 to 1; null without a bigram. */
  distinct2: number | null;
  /** Mean over the instructions of the ROUGE-L F to the most similar other one; null with fewer than two. */
  meanNearestSimilarity: number | null;
  /** For each human ancestor, its share of the machine seeds in the pool, largest first, then by id. */
  offspringShares: { ancestor: string; share: number }[];
}

export function diversityReport(input: {
  round: number;
  /** Instructions accepted in the round. */
  instructions: readonly string[];
  /** The pool after refinement. */
  pool: readonly Seed[];
  tokenisation: Tokenisation;
}): DiversityReport {
  throw new Error(`not written yet ${typeof input}`);
}

/** Sentences for people when a round is much less varied than the first one, or one ancestor has most offspring. */
export function collapseWarnings(input: {
  report: DiversityReport;
  first: DiversityReport | null;
}): string[] {
  throw new Error(`not written yet ${typeof input}`);
}
