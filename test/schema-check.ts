import type { SchemaNode } from '../activities/recipe-schema.js';

/**
 * What speaks against a value in a JSON Schema, by path; none: it is valid. Knows the keywords that recipes' schema has, and
 * refuses others.
 */
export function schemaProblems(schema: SchemaNode, value: unknown, path = 'recipe'): string[] {
  const unknown = Object.keys(schema).filter((keyword) => !keywords.has(keyword));
  if (unknown.length > 0) throw new Error(`${path}: this check knows nothing of ${unknown.join(', ')}`);
  const problems: string[] = [];
  const refuse = (what: string) => problems.push(`${path}: ${what}`);
  const variants = (schema.oneOf ?? schema.anyOf)?.map((one) => schemaProblems(one, value, path));
  if (variants?.every((found) => found.length > 0))
    refuse(`none of its forms: ${variants.flat().join('; ')}`);
  if (schema.type !== undefined && schema.type !== typeOf(value, schema.type)) refuse(`no ${schema.type}`);
  if (schema.const !== undefined && schema.const !== value) refuse(`not ${String(schema.const)}`);
  if (schema.enum && !schema.enum.includes(value as string)) refuse(`none of ${schema.enum.join(', ')}`);
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity } = schema;
    if (value < minimum || value > maximum || value <= exclusiveMinimum) refuse(`out of bounds: ${value}`);
  }
  if (typeof value === 'string') {
    if (value.length < (schema.minLength ?? 0)) refuse('too short');
    if (value.length > ((schema.maxLength as number | undefined) ?? Infinity)) refuse('too long');
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) refuse('not of its pattern');
  }
  if (Array.isArray(value)) {
    if (value.length < ((schema.minItems as number | undefined) ?? 0)) refuse('too few');
    for (const [n, one] of value.entries())
      problems.push(...schemaProblems(schema.items ?? {}, one, `${path}[${n}]`));
  } else if (typeof value === 'object' && value !== null) {
    for (const key of schema.required ?? []) if (!(key in value)) refuse(`${key} is missing`);
    for (const [key, one] of Object.entries(value)) {
      const further = schema.additionalProperties;
      const known = schema.properties?.[key] ?? (typeof further === 'object' ? further : undefined);
      if (known) problems.push(...schemaProblems(known, one, `${path}.${key}`));
      else if (further === false) refuse(`no such key: ${key}`);
    }
  }
  return problems;
}

const keywords = new Set(
  `$schema title description default type properties required additionalProperties propertyNames anyOf oneOf items minItems
  maxItems enum const minimum maximum exclusiveMinimum minLength maxLength pattern format`.split(/\s+/),
);

function typeOf(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  if (wanted === 'integer' && Number.isInteger(value)) return 'integer';
  return typeof value;
}
