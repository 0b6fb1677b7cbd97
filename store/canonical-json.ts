import canonicalize from 'canonicalize';

// The package is CommonJS with the types of an ES module: what is imported is the function itself.
const serialize = canonicalize as unknown as (value: unknown) => string | undefined;

/**
 * JSON in the one form that RFC 8785 (JCS) gives a value: keys sorted, no spaces. Throws on NaN, Infinity and
 * values that JSON does not have.
 */
export function canonicalJson(value: unknown): string {
  const text = serialize(value);
  if (text === undefined) throw new TypeError(`${typeof value} cannot be written as JSON`);
  return text;
}
