/** Ratings on DEITA's scale, and how they are read out of a judge's answer. */
import { z } from 'zod';
import { inWords, isMendedJson, readObject, wants } from './json-answer.js';
import { cleanText } from './text.js';

export const LOWEST_SCORE = 1;
export const HIGHEST_SCORE = 6;

/** The key that a rating in JSON begins with. */
export const RATING_KEY = 'score';

/** Whether a number is on the scale, which has more than whole numbers: means and expected values lie between them. */
export function isScore(score: number): boolean {
  return score >= LOWEST_SCORE && score <= HIGHEST_SCORE;
}

const rating = {
  key: RATING_KEY,
  item: z.object(
    { score: z.number(wants('a number')).refine(isScore, 'is not within 1 and 6') },
    wants('an object'),
  ),
};

/** A judge's score, from 1 to 6: `{"score": 4, "reason": "…"}`, also when it has to be mended, or a text with one number. */
export function parseRating(text: string): number | null {
  const clean = cleanText(text);
  const read = readObject(clean, rating);
  return 'value' in read ? read.value.score : loneNumber(clean);
}

/** Whether a text has a rating in JSON that can be read only once it is mended. */
export function isMendedRating(text: string): boolean {
  return isMendedJson(text, [RATING_KEY]);
}

/** What is wrong with an answer that has no score: words for the model that gave it, with none of its own in them. */
export function ratingProblem(text: string): string {
  const read = readObject(cleanText(text), rating);
  return inWords('problem' in read ? read.problem : '"score" is given', '{"score": 4, "reason": "…"}');
}

/** `4`, `Score: 4.5`, `4/6 because …`; null where there are other numbers. */
function loneNumber(text: string): number | null {
  const number = /^[^\d-]{0,60}(\d(?:[.,]\d{1,3})?)(?:\s{0,3}(?:\/|out of)\s{0,3}6)?(?!\d)\D*$/i.exec(
    text,
  )?.[1];
  const score = Number(number?.replace(',', '.'));
  return isScore(score) ? score : null;
}
