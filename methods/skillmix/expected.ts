/**
 * What Instruct-SkillMix's calls are expected to be before any was made. The lengths of examples are measured: the authors'
 * published 1,000 (k = 2, made by GPT-4) have instructions of 68 tokens and responses of 412 on average, in `o200k_base`; both with
 * their two marks 486, at most 1,005. Everything that is not published is **ours**, a guess that the first run replaces.
 */

/** Tokens of an example's parts. */
export const INSTRUCTION_TOKENS = 68;
export const RESPONSE_TOKENS = 412;

/**
 * Tokens of both with their marks: shares of the authors' 1,000, and the length that so many do not exceed. Drafts are not published;
 * they are taken to be as long as what they become.
 */
const PAIR_TOKENS = [
  [0, 146],
  [0.01, 345],
  [0.05, 386],
  [0.1, 411],
  [0.25, 443],
  [0.5, 482],
  [0.75, 522],
  [0.9, 567],
  [0.95, 597],
  [0.99, 664],
  [1, 1005],
] as const;

/** **Ours**. */
export const CRITIQUE_TOKENS = 300;
export const SHIRK_TOKENS = { brief: 120, junk: 350 } as const;
export const JUDGE_TOKENS = 45;
/** An item of a list in JSON: the authors' 1,143 skills have 7 tokens on average with quotation marks and comma. */
export const NAME_TOKENS = 7;
/** A query type with its definition: the authors' have 70, and the keys take some more. */
export const QUERY_TYPE_TOKENS = 80;
/** Around a list. */
export const LIST_TOKENS = 8;

/** **Ours**: each round of extraction brings so much fewer new names than the one before it. */
export const NEW_SHARE_DECAY = 0.5;
/** **Ours**: skills that a row's answer names, and how many of all named ones differ. */
export const SKILLS_PER_ROW = 4;
export const DISTINCT_SHARE = 0.5;
/** **Ours**: groups of possible synonyms for each different name. */
export const GROUPS_PER_NAME = 0.2;

/** **Ours**: what a gate lets pass of examples as the teacher wrote them, and of those that were made worse. */
export const GATE_PASSES = { good: 0.9, shirked: 0.2 } as const;

/** How long a pair is on average where answers end at `maxTokens`, and what share ends there. */
export function expectedPair(maxTokens: number): { tokens: number; cutOff: number } {
  let tokens = 0;
  let cutOff = 0;
  for (const [index, [toShare, to]] of PAIR_TOKENS.entries()) {
    const [fromShare, from] = PAIR_TOKENS[index - 1] ?? [0, 0];
    // Evenly spread between two of the figures.
    const whole = index === 0 ? 0 : Math.min(1, Math.max(0, (maxTokens - from) / (to - from)));
    const share = toShare - fromShare;
    const longest = from + whole * (to - from);
    tokens += share * ((whole * (from + longest)) / 2);
    if (whole === 1) continue;
    tokens += share * (1 - whole) * maxTokens;
    cutOff += share * (1 - whole);
  }
  return { tokens, cutOff };
}

/** **Ours**: rounds of extraction until one brings a smaller share of new names than `minNewShare`. */
export function expectedRounds({
  minNewShare,
  maxRounds,
}: {
  minNewShare: number;
  maxRounds: number;
}): number {
  if (minNewShare <= 0) return maxRounds;
  const barren = Math.floor(Math.log(minNewShare) / Math.log(NEW_SHARE_DECAY) + 1e-9) + 2;
  return Math.min(maxRounds, barren);
}
