/**
 * ROUGE-L of two texts, with the verdicts of Google's rouge_score (github.com/google-research/google-research,
 * rouge/rouge_scorer.py `_score_lcs`, rouge/scoring.py `fmeasure`): the same formula in the same order, so that a
 * value on a threshold falls on the same side.
 */

export interface RougeL {
  precision: number;
  recall: number;
  fMeasure: number;
}

/** The F-measure of two token lists of these lengths with this longest common subsequence; 0 when either is empty. */
export function rougeLFromLcs(lcs: number, candidateLength: number, targetLength: number): number {
  if (candidateLength === 0 || targetLength === 0) return 0;
  return fMeasure(lcs / candidateLength, lcs / targetLength);
}

/** ROUGE-L of two token lists by the plain table: the reference that the fast index is tested against. */
export function rougeL(candidate: readonly string[], target: readonly string[]): RougeL {
  if (candidate.length === 0 || target.length === 0) return { precision: 0, recall: 0, fMeasure: 0 };
  const lcs = lcsLength(candidate, target);
  const precision = lcs / candidate.length;
  const recall = lcs / target.length;
  return { precision, recall, fMeasure: fMeasure(precision, recall) };
}

function fMeasure(precision: number, recall: number): number {
  return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
}

/** Length of the longest common subsequence, by dynamic programming over two rows. */
export function lcsLength(a: readonly string[], b: readonly string[]): number {
  let previous = new Array<number>(b.length + 1).fill(0);
  for (const token of a) {
    const row = [0];
    for (let j = 1; j <= b.length; j++) {
      const diagonal = previous[j - 1] as number;
      row.push(token === b[j - 1] ? diagonal + 1 : Math.max(previous[j] as number, row[j - 1] as number));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
