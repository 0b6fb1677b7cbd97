/** Foreign text in Markdown: what a teacher, a seed file or a person wrote shows as it is and does nothing. */
import { cleanText } from '../../methods/text.js';

/** The text in a fence that it cannot close. */
export function fenced(text: string, language = ''): string {
  const clean = cleanText(text);
  const longest = Math.max(2, ...[...clean.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${clean}\n${fence}`;
}

/** A table; cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
