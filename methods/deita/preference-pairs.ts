/** Pairs of a better and a worse response for preference training, from the ranked variants of one response (**ours**). */

export interface ScoredText {
  text: string;
  /** From 1 to 6; null for a variant that has none: it is in no pair. */
  score: number | null;
}

/** A row in TRL's standard form of preference data; `margin` is the column that its RewardTrainer reads. */
export interface PreferencePair {
  prompt: string;
  chosen: string;
  rejected: string;
  /** Score of the chosen text minus that of the rejected one, above 0. */
  margin: number;
}

/**
 * The best response against each that is worse by at least `minMargin`, in the order of the variants. The best one is the first
 * of those with the highest score. Equal scores make no pair, whatever `minMargin` is, and neither do two texts that are
 * the same. All pairs instead of these would repeat an instruction with the square of its variants, and say little that is new.
 * @throws RangeError for a `minMargin` that is negative or not finite, and for scores that are not finite.
 */
export function preferencePairs({
  instruction,
  variants,
  minMargin,
}: {
  instruction: string;
  variants: readonly ScoredText[];
  minMargin: number;
}): PreferencePair[] {
  if (!(minMargin >= 0 && minMargin < Number.POSITIVE_INFINITY))
    throw new RangeError(`minMargin must be 0 or more, not ${minMargin}`);
  const scored = variants.flatMap(({ text, score }) => (score === null ? [] : [{ text, score }]));
  const wrong = scored.find(({ score }) => !Number.isFinite(score));
  if (wrong !== undefined) throw new RangeError(`The score of a variant is ${wrong.score}`);
  const best = scored.reduce<(typeof scored)[number] | null>(
    (first, one) => (first === null || one.score > first.score ? one : first),
    null,
  );
  if (best === null) return [];
  const seen = new Set([best.text]);
  return scored.flatMap(({ text, score }) => {
    const margin = best.score - score;
    if (margin <= 0 || margin < minMargin || seen.has(text)) return [];
    seen.add(text);
    return [{ prompt: instruction, chosen: best.text, rejected: text, margin }];
  });
}
