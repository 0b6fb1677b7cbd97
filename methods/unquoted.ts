/** Quotation marks that a model sets around the whole of its answer. */

const QUOTES: Record<string, string> = { '"': '"', '“': '”', '„': '“', '«': '»', '「': '」' };

/** Without the quotation marks around the whole of it; `"A" or "B"?` keeps its own. */
export function unquoted(text: string): string {
  const opening = text[0] ?? '';
  const closing = QUOTES[opening];
  if (text.length < 2 || closing === undefined || !text.endsWith(closing)) return text;
  const inside = text.slice(1, -1);
  const next = inside.indexOf(closing);
  // Where the next mark closes a quotation that did not open inside, the two outer ones do not belong together.
  const opensBefore = inside.slice(0, Math.max(next, 0));
  const isWhole =
    next < 0 || (closing === opening ? /[\s(]$/.test(opensBefore) : opensBefore.includes(opening));
  return isWhole ? inside.trim() : text;
}
