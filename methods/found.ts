/** What a reader of answers found in one place: a value, or a piece of text that is none. */
export type Found<T> = { value: T } | { unparsable: string };

/** The values alone. */
export function valuesOf<T>(found: readonly Found<T>[]): T[] {
  return found.flatMap((one) => ('value' in one ? [one.value] : []));
}
