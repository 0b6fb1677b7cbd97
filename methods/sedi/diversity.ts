/** How varied a round is (**ours**): distinct-2, nearest neighbours, ancestors; and a warning when it collapses. */
import type { Seed } from '../../activities/types.js';
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import { comparableTokens, type Tokenisation } from '../../similarity/tokenise.js';

export interface DiversityReport {
  round: number;
  instructions: number;
  /** Different bigrams over all bigrams of the instructions (Li et al. 2016), 0 to 1; null without a bigram. */
  distinct2: number | null;
  /** Mean over the instructions of the ROUGE-L F to the most similar other one; null with fewer than two. */
  meanNearestSimilarity: number | null;
  /** For each human ancestor, its share of the machine seeds in the pool, largest first, then by id. */
  offspringShares: { ancestor: string; share: number }[];
  machineSeeds: number;
}

/** Distinct-2 below this share of the first round's is a collapse … */
export const DISTINCT_2_FLOOR = 0.7;
/** … so is a mean nearest-neighbour similarity this much above the first round's … */
export const NEAREST_RISE = 0.15;
/** … and one ancestor with more than this share of at least 4 machine seeds. */
export const ANCESTOR_SHARE = 0.5;

export interface DiversityInput {
  round: number;
  /** Instructions accepted in the round. */
  instructions: readonly string[];
  /** The pool after refinement. */
  pool: readonly Seed[];
  tokenisation: Tokenisation;
}

export function diversityReport(input: DiversityInput): DiversityReport {
  const { round, instructions, tokenisation } = input;
  const machine = input.pool.filter((seed) => seed.origin === 'machine');
  return {
    round,
    instructions: instructions.length,
    distinct2: distinct2(instructions, tokenisation),
    meanNearestSimilarity: meanNearestSimilarity(instructions, tokenisation),
    offspringShares: offspringShares(machine),
    machineSeeds: machine.length,
  };
}

/** Different bigrams over all bigrams of the texts; null when no text has two tokens. */
export function distinct2(texts: readonly string[], tokenisation: Tokenisation): number | null {
  const different = new Set<string>();
  let all = 0;
  for (const text of texts) {
    const tokens = comparableTokens(text, tokenisation);
    for (let i = 1; i < tokens.length; i++) {
      different.add(`${tokens[i - 1]} ${tokens[i]}`);
      all += 1;
    }
  }
  return all === 0 ? null : different.size / all;
}

/** Mean over the texts of the ROUGE-L F to the most similar *other* one; null with fewer than two. */
function meanNearestSimilarity(texts: readonly string[], tokenisation: Tokenisation): number | null {
  if (texts.length < 2) return null;
  const pool = new RougeLPool({ tokenisation });
  for (const [i, text] of texts.entries()) pool.add(String(i), text);
  let sum = 0;
  for (const [i, text] of texts.entries()) {
    sum += pool.nearest(text, { except: i })?.similarity ?? 0;
  }
  return sum / texts.length;
}

function offspringShares(machine: readonly Seed[]): DiversityReport['offspringShares'] {
  const counts = new Map<string, number>();
  for (const ancestor of machine.flatMap((seed) => [...new Set(seed.ancestors)])) {
    counts.set(ancestor, (counts.get(ancestor) ?? 0) + 1);
  }
  return [...counts]
    .map(([ancestor, count]) => ({ ancestor, share: count / machine.length }))
    .sort((a, b) => b.share - a.share || (a.ancestor < b.ancestor ? -1 : 1));
}

/** Sentences for people when a round is much less varied than the first one, or one ancestor has most offspring. */
export function collapseWarnings(input: {
  report: DiversityReport;
  /** The first round's report; null while this is the first. */
  first: DiversityReport | null;
}): string[] {
  const { report, first } = input;
  const warnings: string[] = [];
  const now = { distinct: report.distinct2, nearest: report.meanNearestSimilarity };
  const then = { distinct: first?.distinct2 ?? null, nearest: first?.meanNearestSimilarity ?? null };
  if (now.distinct !== null && then.distinct !== null && now.distinct < DISTINCT_2_FLOOR * then.distinct) {
    warnings.push(
      `Round ${report.round} repeats itself: distinct-2 fell from ${then.distinct.toFixed(2)} to ${now.distinct.toFixed(2)}`,
    );
  }
  if (now.nearest !== null && then.nearest !== null && now.nearest > then.nearest + NEAREST_RISE) {
    warnings.push(
      `Round ${report.round} crowds together: mean nearest-neighbour ROUGE-L rose from ${then.nearest.toFixed(2)} to ${now.nearest.toFixed(2)}`,
    );
  }
  const largest = report.offspringShares[0];
  if (largest !== undefined && report.machineSeeds >= 4 && largest.share > ANCESTOR_SHARE) {
    warnings.push(
      `${Math.round(largest.share * 100)} % of the machine-made seeds descend from seed ${largest.ancestor}`,
    );
  }
  return warnings;
}
