import { canonicalJson } from '../store/canonical-json.js';

/** `3 rows are not what …`, where so many differ, the missing ones and those that should not be there among them; else nothing. */
export function compareRows(
  found: readonly unknown[],
  expected: readonly unknown[],
  words: string,
): string[] {
  const rows = Math.max(found.length, expected.length);
  let different = 0;
  for (let row = 0; row < rows; row += 1) {
    const [a, b] = [found[row], expected[row]];
    if (a === undefined || b === undefined || canonicalJson(a) !== canonicalJson(b)) different += 1;
  }
  return different > 0 ? [`${different} ${words}`] : [];
}
