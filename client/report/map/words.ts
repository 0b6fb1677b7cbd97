/** Texts as their words, each weighed by how rare it is among all of them (TF-IDF). */
import { comparableTokens, type Tokenisation } from '../../../similarity/tokenise.js';
import { type Operator, type MatrixRow, rowsOperator } from './matrix.js';

/** A row of length 1 for each text: (1 + ln count) · ln(texts ÷ texts with the word). Words of one text alone say nothing. */
export function weighedWords(texts: readonly string[], tokenisation: Tokenisation): Operator {
  const counted = texts.map((text) => tally(comparableTokens(text, tokenisation)));
  const inTexts = new Map<string, number>();
  for (const words of counted)
    for (const word of words.keys()) inTexts.set(word, (inTexts.get(word) ?? 0) + 1);
  const columns = new Map<string, number>();
  for (const [word, found] of inTexts) if (found > 1 && found < texts.length) columns.set(word, columns.size);
  const rows = counted.map((words): MatrixRow => {
    const known = [...words].filter(([word]) => columns.has(word));
    const values = known.map(
      ([word, count]) => (1 + Math.log(count)) * Math.log(texts.length / (inTexts.get(word) ?? 1)),
    );
    const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) || 1;
    return {
      columns: Int32Array.from(known, ([word]) => columns.get(word) ?? 0),
      values: Float64Array.from(values, (value) => value / length),
    };
  });
  return rowsOperator(rows, columns.size);
}

function tally(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
