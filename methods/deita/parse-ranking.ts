/**
 * Reads the scores of texts that were ranked together, in JSON or a line each:
 *
 *     {"scores": {"1": 3, "2": 5}}
 *
 *     [1] Score: 3
 *     [2] Score: 5
 */
import { z } from 'zod';
import { inWords, readObject, wants } from '../json-answer.js';
import { HIGHEST_SCORE, isScore, LOWEST_SCORE } from '../rating.js';
import { cleanText } from '../text.js';

/** The score of one place, which is NaN where an answer's key has no number. */
interface Place {
  number: number;
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

/** `{"1": 3, "text 2": 5}`: what is asked for. */
const byNumber = z
  .record(z.string(), aScore)
  .transform((scores) =>
    Object.entries(scores).map(
      ([key, score]): Place => ({ number: Number(/\d{1,3}/.exec(key)?.[0]), score }),
    ),
  );

/** `[3, 5]`, in the order of the places. */
const inPlaces = z
  .array(aScore)
  .transform((scores) => scores.map((score, place): Place => ({ number: place + 1, score })));

/** `[{"number": 1, "score": 3}]`. */
const asEntries = z.array(
  z.union(
    ['number', 'place', 'id', 'index', 'text'].map((key) =>
      z
        .object({ [key]: aNumber, score: aScore })
        .transform((item): Place => ({ number: item[key] as number, score: item.score as number })),
    ),
  ),
);

const scores = z.union([byNumber, inPlaces, asEntries], {
  error: ({ input }) => (input === undefined ? 'is missing' : 'has not a score from 1 to 6 for each number'),
});

/** Under `scores`, or alone. */
const answer = z.union([
  z.union([byNumber, inPlaces, asEntries]),
  z.object({ scores }).transform((item) => item.scores),
]);

/**
 * The score of each place, from place 1 on, each from 1 to 6, whole or not; in any order. null unless there is exactly one for
 * each of the places 1 to k. A list of scores without numbers is taken in its order. `[1] Score:` may be missing before the
 * first score, as the completion's prompt ends with it.
 */
export function parseRanking(text: string): number[] | null {
  const clean = cleanText(text);
  const isJson = /[[{]\s{0,99}[{"]|^\s{0,99}\[\s{0,99}[1-6]\s{0,99}[,.]/.test(clean);
  if (!isJson) return inOrder(inLines(clean));
  const read = readObject(clean, { key: 'scores', item: answer });
  return 'value' in read ? inOrder(read.value) : null;
}

/** Words for the model that gave an answer without scores, with none of its own in them. */
export function rankingProblem(text: string): string {
  const read = readObject(cleanText(text), { key: 'scores', item: z.object({ scores }, wants('an object')) });
  const problem = 'problem' in read ? read.problem : 'it has not one score for each number, from 1 on';
  return inWords(problem, '{"scores": {"1": 3, "2": 5}}');
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
  const byPlace = new Map<number, number>();
  for (const { number, score } of places) {
    if (!isScore(score) || (byPlace.get(number) ?? score) !== score) return null;
    byPlace.set(number, score);
  }
  const ordered = Array.from({ length: byPlace.size }, (_, place) => byPlace.get(place + 1));
  return ordered.length > 0 && ordered.every((score) => score !== undefined) ? ordered : null;
}
