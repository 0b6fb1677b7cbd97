/** The recipe's `language`, given as a name (`German`) or as a BCP 47 code (`de`, `pt-BR`). English when absent. */
import type { Tokenisation } from '../similarity/tokenise.js';

/** Whether the English-only rules hold: the reject of a non-ASCII start, ASCII tokens, words split at spaces. */
export function isEnglish(language: string | undefined): boolean {
  return language === undefined || /^(english|en|eng|en[-_][a-z0-9]+)$/i.test(language.trim());
}

/** A language other than English is compared by Unicode's words, since rouge_score sees only a–z and 0–9. */
export function tokenisationFor(language: string | undefined): Tokenisation {
  return isEnglish(language) ? 'rouge' : 'unicode';
}

const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** The language's English name for a prompt: `de` becomes `German`; what is no known code stays as it is. */
export function languageName(language: string): string {
  const given = language.trim();
  if (!/^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/i.test(given)) return given;
  return names.of(given.replaceAll('_', '-')) ?? given;
}
