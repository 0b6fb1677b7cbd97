/** What a reader of answers found in one place: a value, or a piece of text that is none. */
export type Found<T> = { value: T } | { unparsable: string };
