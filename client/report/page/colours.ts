/** Colours and shapes of groups. The colours are the style's variables, so that light and dark need no new drawing. */

/** As many groups as eyes tell apart; the last stands for the rest. */
export const mostGroups = 8;

export const symbols = [
  'circle',
  'square',
  'triangle',
  'diamond2',
  'star',
  'wye',
  'cross',
  'circle',
] as const;

/** What became of a row has one colour on the whole page. */
export const verdictColours = {
  accepted: 'var(--accepted)',
  similar: 'var(--reject-1)',
  otherReasons: 'var(--reject-7)',
};

const ofVerdict = new Map([
  ['accepted', verdictColours.accepted],
  ['selected', verdictColours.accepted],
  ['similar', verdictColours.similar],
  ['rejected: similar', verdictColours.similar],
  ['rejected: other reasons', verdictColours.otherReasons],
]);

/** Colour of a group, which is the one at `index`; the last is grey. */
export function groupColour(group: string, index: number): string {
  return ofVerdict.get(group) ?? `var(--group-${Math.min(index, mostGroups - 1) + 1})`;
}

/** The most frequent names first, at most `mostGroups`; `rest` replaces what comes after. */
export function topGroups(tally: ReadonlyMap<string, number>, rest: string): string[] {
  const names = [...tally].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
  return names.length <= mostGroups ? names : [...names.slice(0, mostGroups - 1), rest];
}
