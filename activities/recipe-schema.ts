/**
 * The JSON Schema of recipes, generated from the zod schema: its keys' descriptions are the one place that says what they
 * mean. Editors read `recipes/recipe.schema.json`, which `npm run reference` writes.
 *
 * A key may have, besides its `description`, `byDefault` (words for a default that depends on other keys) and `shorthand`
 * (the schema of a shorter form that zod turns into the keys).
 */
import { z } from 'zod';
import { recipeFile } from './recipe.js';

/** A node of the schema: draft 7 as zod writes it. */
export interface SchemaNode {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  additionalProperties?: boolean | SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  items?: SchemaNode;
  enum?: (string | number)[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  pattern?: string;
  format?: string;
  minLength?: number;
  byDefault?: string;
  shorthand?: SchemaNode;
  [key: string]: unknown;
}

/** With `byDefault` and `shorthand`, as the zod schema has them. */
export function annotatedSchema(): SchemaNode {
  return z.toJSONSchema(recipeFile, { io: 'input', target: 'draft-7' }) as SchemaNode;
}

/** What editors read: standard keywords alone. */
export function recipeSchema(): SchemaNode {
  const { $schema, ...schema } = published(annotatedSchema());
  return {
    $schema,
    title: 'seedmill recipe',
    description: 'Everything a person decides about a run. docs/recipes.md explains the keys.',
    ...schema,
  };
}

/** `recipes/recipe.schema.json`, as text. */
export function recipeSchemaText(): string {
  return `${JSON.stringify(recipeSchema(), null, 2)}\n`;
}

function published(node: SchemaNode): SchemaNode {
  const { byDefault, shorthand, description, ...rest } = node;
  const mapped: SchemaNode = { ...rest };
  if (rest.properties) mapped.properties = mapValues(rest.properties, published);
  if (typeof rest.additionalProperties === 'object')
    mapped.additionalProperties = published(rest.additionalProperties);
  if (rest.anyOf) mapped.anyOf = rest.anyOf.map(published);
  if (rest.oneOf) mapped.oneOf = rest.oneOf.map(published);
  if (rest.items) mapped.items = published(rest.items);
  // What JavaScript can count to says nothing about a recipe.
  if (rest.maximum === Number.MAX_SAFE_INTEGER) delete mapped.maximum;
  const said = byDefault === undefined ? description : `${description} Default: ${byDefault}.`;
  const head = said === undefined ? {} : { description: said };
  if (shorthand === undefined) return { ...head, ...mapped };
  const { default: byItself, ...long } = mapped;
  return { ...head, ...(byItself !== undefined && { default: byItself }), anyOf: [shorthand, long] };
}

function mapValues<From, To>(record: Record<string, From>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
