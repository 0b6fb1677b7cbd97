/**
 * Reads the scores of texts that were ranked together, in JSON or a line each:
 *
 *     {"scores": [{"number": 1, "score": 3}, {"number": 2, "score": 5}]}
 *
 *     [1] Score: 3
 *     [2] Score: 5
 */
import { z } from 'zod';
import { type AnswerList, inWords, listProblem, readItems, wants } from '../json-answer.js';
import { HIGHEST_SCORE, isScore, LOWEST_SCORE } from '../rating.js';
import { cleanText } from '../text.js';

/** The score of one place; null where a list gives scores alone. */
interface Place {
  number: number | null;
  score: number;
}

/** `3`, or `"3"`. */
const aNumber = z.union(
  [
    z.number(),
    z
      .string()
      .regex(/^\s{0,9}\d{1,3}(?:\.\d{1,6})?\s{0,9}$/)
      .transform(Number),
  ],
  wants('a number'),
);

const aScore = aNumber.refine(isScore, `is not within ${LOWEST_SCORE} and ${HIGHEST_SCORE}`);

const list: AnswerList<Place> = {
  name: 'scores',
  item: z.union(
    [
      z.object({ number: aNumber, score: aScore }),
      ...['place', 'id', 'index', 'text'].map((key) =>
        z
          .object({ [key]: aNumber, score: aScore })
          .transform((item): Place => ({ number: item[key] as number, score: item.score as number })),
      ),
      aScore.transform((score): Place => ({ number: null, score })),
    ],
    { error: 'has not both "number" and "score", from 1 to 6' },
  ),
  form: '{"scores": [{"number": 1, "score": 3}, {"number": 2, "score": 5}]}',
};

/**
 * The score of each place, from place 1 on, each from 1 to 6, whole or not; in any order. null unless there is exactly one for
 * each of the places 1 to k. A list of scores without numbers is taken in its order. `[1] Score:` may be missing before the
 * first score, as the completion's prompt ends with it.
 */
export function parseRanking(text: string): number[] | null {
  const clean = cleanText(text);
  const places = /[[{]\s{0,99}[{"]|^\s{0,99}\[\s{0,99}[1-6]\s{0,99}[,.]/.test(clean)
    ? inJson(clean)
    : inLines(clean);
  return places === null ? null : inOrder(places);
}

/** Words for the model that gave an answer without scores, with none of its own in them. */
export function rankingProblem(text: string): string {
  const items = readItems(cleanText(text), list);
  if (items.some((item) => 'unparsable' in item) || items.length === 0) return listProblem(text, list);
  return inWords('it has not one score for each number, from 1 on', list.form);
}

/** null as soon as one entry is none: which place it was meant for cannot be known. */
function inJson(text: string): Place[] | null {
  const places: Place[] = [];
  for (const item of readItems(text, list)) {
    if (!('value' in item)) return null;
    places.push(item.value);
  }
  return places;
}

const SCORE_LINE =
  /^[\s*_#-]{0,9}(?:text\s{0,3})?(?:\[(\d{1,3})\][\s:*_.-]{0,9}(?:score)?|(\d{1,3})[\s:*_.)-]{1,9}score|(\d{1,3})\s{0,3}:)[\s:*_-]{0,9}(\d{1,3}(?:\.\d{1,6})?)(?![\d.]*\d)/i;
const FIRST_SCORE = /^[\s*_]{0,9}(\d{1,3}(?:\.\d{1,6})?)(?:\s{0,3}\/\s{0,3}6)?[\s*_.]{0,9}$/;

function inLines(text: string): Place[] {
  const places: Place[] = [];
  for (const line of text.split('\n')) {
    const match = SCORE_LINE.exec(line);
    const first = match === null && places.length === 0 ? FIRST_SCORE.exec(line) : null;
    if (match !== null) {
      places.push({ number: Number(match[1] ?? match[2] ?? match[3]), score: Number(match[4]) });
    } else if (first !== null) {
      places.push({ number: 1, score: Number(first[1]) });
    }
  }
  return places;
}

function inOrder(places: readonly Place[]): number[] | null {
  const numbered = places.every(({ number }) => number === null)
    ? places.map(({ score }, place) => ({ number: place + 1, score }))
    : places;
  const scores = new Map<number | null, number>();
  for (const { number, score } of numbered) {
    if (!isScore(score) || (scores.has(number) && scores.get(number) !== score)) return null;
    scores.set(number, score);
  }
  const ordered = Array.from({ length: scores.size }, (_, place) => scores.get(place + 1));
  return ordered.length > 0 && ordered.every((score) => score !== undefined) ? ordered : null;
}
