import type { Recipe } from '../activities/recipe.js';
import type { Candidate } from '../activities/types.js';

/** Verdicts that the thresholds in force in their round do not give. */
export function verifyThresholds(
  { filter, gate }: Pick<Recipe, 'filter' | 'gate'>,
  candidates: readonly Candidate[],
): string[] {
  const { poolThreshold } = filter;
  let similarity = 0;
  let score = 0;
  for (const { verdict, nearest, mix } of candidates) {
    const isAccepted = verdict.state === 'accepted';
    const reason = verdict.state === 'rejected' ? verdict.reason : null;
    if (nearest && 'id' in nearest && (isAccepted || reason === 'similar')) {
      if (nearest.similarity > poolThreshold === isAccepted) similarity += 1;
    }
    if (gate && mix && mix.score !== null && (isAccepted || reason === 'low-quality')) {
      if (mix.score < gate.threshold === isAccepted) score += 1;
    }
  }
  return [
    ...(similarity > 0
      ? [
          `${similarity} candidates have another verdict than a filter.poolThreshold of ${poolThreshold} gives`,
        ]
      : []),
    ...(score > 0
      ? [`${score} examples have another verdict than a gate.threshold of ${gate?.threshold} gives`]
      : []),
  ];
}
