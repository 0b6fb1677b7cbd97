import { sumOfProducts } from '../../methods/deita/conversation-score.js';
import { kindOf } from '../../methods/text.js';
import { lookUp } from '../row-items.js';

/** distilabel's names of the two scores, whose product is DEITA's score. */
export const usualScoreFields: readonly string[] = ['evol_instruction_score', 'evol_response_score'];

/** `missing`: the field that a row has no score in. */
export type Score = { score: number } | { missing: string };

/**
 * A row's score: the sum over its turns of the product of the fields. A field is a number, for a conversation of one turn, or
 * a list with a number for each turn. Missing are fields that are not there, null, empty lists and lists with null.
 * @throws RangeError for something else, numbers that are not finite, and lists of different lengths.
 */
export function scoreOf(row: Record<string, unknown>, fields: readonly string[]): Score {
  const factors: number[][] = [];
  for (const field of fields) {
    const turns = turnsOf(lookUp(row, field), field);
    if (turns === null) return { missing: field };
    const before = factors[0];
    if (before !== undefined && before.length !== turns.length)
      throw new RangeError(`${fields.join(' and ')} have ${before.length} and ${turns.length} scores`);
    factors.push(turns);
  }
  const score = sumOfProducts(factors);
  if (!Number.isFinite(score)) throw new RangeError(`the score from ${fields.join(' and ')} is ${score}`);
  return { score };
}

/** null when a score is missing. */
function turnsOf(value: unknown, field: string): number[] | null {
  const turns: unknown[] = Array.isArray(value) ? value : [value];
  if (turns.length === 0 || turns.some((turn) => turn === undefined || turn === null)) return null;
  return turns.map((turn) => {
    if (typeof turn !== 'number')
      throw new RangeError(`${field} must be a number or a list of numbers, not ${kindOf(turn)}`);
    if (!Number.isFinite(turn))
      throw new RangeError(`${field} is ${turn}: only finite scores can be ordered`);
    return turn;
  });
}
