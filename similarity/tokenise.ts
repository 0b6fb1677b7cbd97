/** How a text becomes tokens before two texts are compared. */

/** `rouge`: as Google's rouge_score without stemming. `unicode`: words of any script (languages other than English). */
export type Tokenisation = 'rouge' | 'unicode';

/** Lower-cased runs of a–z and 0–9; everything else separates. The same as rouge_score's `tokenize(text, None)`. */
export function rougeTokens(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

// `und`: no language's own rules, so that the tokens do not depend on the machine's locale.
const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** Lower-cased words of any script after NFC, as Unicode's word boundaries (UAX 29, with ICU's dictionaries) find them. */
export function unicodeTokens(text: string): string[] {
  const tokens: string[] = [];
  for (const part of segmenter.segment(text.normalize('NFC').toLowerCase())) {
    if (part.isWordLike) tokens.push(part.segment);
  }
  return tokens;
}

/**
 * Tokens for a pool that must not take every text without tokens for the same one. A text without tokens under
 * `tokenisation` is compared by its unicode tokens, and one without these (only punctuation, or empty) by its trimmed
 * self; both carry a mark, so that they can only equal texts of the same kind. Where rouge_score sees tokens, this is
 * rouge_score's list; where it sees none it says 0 to everything, and this rule is **ours**.
 */
export function comparableTokens(text: string, tokenisation: Tokenisation): string[] {
  const tokens = tokenisation === 'rouge' ? rougeTokens(text) : unicodeTokens(text);
  if (tokens.length > 0) return tokens;
  const words = tokenisation === 'rouge' ? unicodeTokens(text) : [];
  if (words.length > 0) return words.map((word) => `word:${word}`);
  return [`text:${text.trim()}`];
}
