/** Rows for runs that begin with data. */
import type { GivenRow } from '../activities/rows.js';

/** Some rows of several turns, some that say nearly the same. */
export function givenRows(count: number): GivenRow[] {
  return Array.from({ length: count }, (_, n) => givenRow(n));
}

export function givenRow(n: number): GivenRow {
  const isTwin = n % 4 === 3;
  const subject = (isTwin ? n - 1 : n) * 7919;
  const turn = {
    instruction: `Explain subject ${subject} to me.`,
    response: `Subject ${subject} is about ${subject % 31}${isTwin ? '!' : '.'}`,
  };
  const more = { instruction: `And what of ${n}?`, response: `Of ${n} nothing is known.` };
  return rowOf(n, n % 5 === 0 ? [turn, more] : [turn]);
}

export function rowOf(n: number, turns: GivenRow['turns']): GivenRow {
  const { instruction, response: output } = turns[0] as GivenRow['turns'][number];
  return { id: `row-${n + 1}`, turns, row: n + 1, example: { instruction, output } };
}
