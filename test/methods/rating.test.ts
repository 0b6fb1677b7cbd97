import assert from 'node:assert/strict';
import { parseRating } from '../../methods/rating.js';

describe('parseRating', () => {
  for (const [text, score] of [
    ['{"score": 4, "reason": "Has 3 errors."}', 4],
    ['```json\n{"score": 4.5}\n```', 4.5],
    ['{"score": 2, "reason": "It is', 2],
    ['{"score": "5"}', 5],
    ['I weigh {this} first: {"score": 6, "reason": "x"}', 6],
    ['4', 4],
    [' Score: 3.5', 3.5],
    ['**2/6**', 2],
    ['5 out of 6, since nothing is missing.', 5],
    ['4,5', 4.5],
    ['{"score": 7}', null],
    ['{"score": 0}', null],
    ['0', null],
    ['-3', null],
    ['10', null],
    ['3 or 4', null],
    ['Good.', null],
    ['', null],
  ] as const) {
    it(`is ${score} for ${JSON.stringify(text)}`, () => {
      assert.equal(parseRating(text), score);
    });
  }
});
