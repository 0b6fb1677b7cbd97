/** The recipe key `review`: rounds that wait until people have looked at them. */
import { z } from 'zod';
import { startsFromData } from './recipe-deita.js';
import type { ReviewRule } from './review-messages.js';

const count = z.int().min(1);

export const review = z.strictObject({
  every: count.default(1).describe('Rounds N, 2N, 3N and so on wait, those that brought accepted examples.'),
  sample: count.max(1_000).default(20).describe('Accepted examples of a round that are shown.'),
  timeoutHours: z.number().positive().max(8_760).default(24).describe('How long a round waits, in hours.'),
  onTimeout: z
    .enum(['approve', 'reject', 'pause'])
    .default('pause')
    .describe(
      'What becomes of a round that nobody reviews in time; `pause`: the run pauses, and resume waits again.',
    ),
});

export type ReviewSettings = z.infer<typeof review>;

/** What is wrong between `review` and the other keys of a recipe. */
export function reviewProblems(recipe: {
  method: string;
  review?: ReviewSettings | undefined;
  skillmix?: { extractOnly: boolean } | undefined;
}): { path: string[]; message: string }[] {
  if (recipe.review === undefined) return [];
  const why = startsFromData(recipe.method)
    ? `belongs to methods that generate: ${recipe.method} begins with data, which has been reviewed or not before the run`
    : recipe.skillmix?.extractOnly
      ? 'nothing is to be reviewed: with skillmix.extractOnly no example is written'
      : null;
  return why === null ? [] : [{ path: ['review'], message: why }];
}

/** The part of it that the workflows go by. */
export function reviewRule({ every, timeoutHours, onTimeout }: ReviewSettings): ReviewRule {
  return { every, timeoutMs: Math.ceil(timeoutHours * 3_600_000), onTimeout };
}
