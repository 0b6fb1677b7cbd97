/** The first `limit` UTF-16 units of a text, never half a character; the text itself where it is no longer. */
export function cut(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit).replace(/[\ud800-\udbff]$/, '');
}

/** Longest text of the table. */
export const tableCharacters = 4_000;
/** Longest text that is shown over a point, or beside its neighbour. */
export const pointCharacters = 600;
