/** Whether a value of somebody else's JSON is an object (or an array), whose keys can be looked at. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
