/** What a row of somebody's data says about where it is from. */
export interface StatedOrigin {
  source?: string | undefined;
  licence?: string | undefined;
}

/**
 * A row's `source`, and its `licence` or `license`; where it states none, those that hold for its whole file. What is no text,
 * or an empty one, states nothing.
 */
export function statedOrigin(
  row: { source?: unknown; licence?: unknown; license?: unknown },
  ofFile: StatedOrigin = {},
): { source?: string; licence?: string } {
  const source = [row.source, ofFile.source].find(isStated);
  const licence = [row.licence, row.license, ofFile.licence].find(isStated);
  return { ...(source !== undefined && { source }), ...(licence !== undefined && { licence }) };
}

function isStated(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
