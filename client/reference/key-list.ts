/** The keys of a recipe in a row, as its schema has them. */
import { annotatedSchema, type SchemaNode } from '../../activities/recipe-schema.js';

/** One key of a recipe. */
export interface RecipeKey {
  /** Dotted, a name of one's own choice as `*`: `teachers.*.model`. */
  path: string;
  /** Empty: it has none yet. */
  description: string;
  /** In Markdown. */
  values: string;
  /** In Markdown; `required`, `none`, or empty for a group of keys. */
  byDefault: string;
  /** With which other key it exists, in Markdown; null: always. */
  only: string | null;
}

/** Every key of a recipe, groups before what is in them, in the order of the zod schema. */
export function recipeKeyList(schema = annotatedSchema()): RecipeKey[] {
  return keysIn(schema, { prefix: '', only: null });
}

function keysIn(node: SchemaNode, { prefix, only }: { prefix: string; only: string | null }): RecipeKey[] {
  const variants = node.oneOf ?? node.anyOf;
  if (variants) {
    const found = variants.flatMap((variant) => keysIn(variant, { prefix, only: discriminator(variant) }));
    return onceEach(found);
  }
  const own = Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const key: RecipeKey = {
      path,
      description: child.description ?? '',
      values: valuesOf(child),
      byDefault: defaultOf(child, node.required?.includes(name) === true),
      only: child.const === undefined ? only : null,
    };
    return [key, ...keysIn(child, { prefix: path, only: null })];
  });
  if (typeof node.additionalProperties !== 'object') return own;
  return [...own, ...keysIn(node.additionalProperties, { prefix: `${prefix}.*`, only: null })];
}

/** Variants of a group share the key that tells them apart. */
function onceEach(keys: RecipeKey[]): RecipeKey[] {
  const merged = new Map<string, RecipeKey>();
  for (const key of keys) {
    const name = `${key.path} ${key.only ?? ''}`;
    const before = merged.get(name);
    merged.set(name, before ? { ...before, values: `${before.values}, ${key.values}` } : key);
  }
  return [...merged.values()];
}

function discriminator(variant: SchemaNode): string | null {
  const found = Object.entries(variant.properties ?? {}).find(([, child]) => child.const !== undefined);
  return found ? `\`${found[0]}: ${String(found[1].const)}\`` : null;
}

function defaultOf(node: SchemaNode, isRequired: boolean): string {
  if (node.byDefault !== undefined) return node.byDefault;
  const { default: given } = node;
  if (given !== undefined && typeof given !== 'object') return `\`${String(given)}\``;
  if (isRequired) return 'required';
  if (given === undefined || (Array.isArray(given) && given.length === 0)) return 'none';
  const pairs = Object.entries(given as object);
  return pairs.length === 0
    ? ''
    : `\`{${pairs.map(([key, value]) => `${key}: ${String(value)}`).join(', ')}}\``;
}

function valuesOf(node: SchemaNode): string {
  const { shorthand, ...long } = node;
  if (shorthand) return [valuesOf(shorthand), valuesOf(long)].join(', or ');
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum) return node.enum.map((one) => `\`${one}\``).join(', ');
  const variants = node.oneOf ?? node.anyOf;
  if (variants) return [...new Set(variants.map(valuesOf))].join(', or ');
  if (node.properties || typeof node.additionalProperties === 'object') return 'keys';
  if (node.type === 'array') return `a list of ${node.items?.enum ? valuesOf(node.items) : 'texts'}`;
  if (node.type === 'boolean') return '`true`, `false`';
  if (node.type === 'integer' || node.type === 'number') return numbersOf(node);
  return node.format === 'uri' ? 'an address' : 'a text';
}

function numbersOf({ type, minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  const say = (n: number) => n.toLocaleString('en-US');
  const from =
    exclusiveMinimum !== undefined
      ? ` above ${say(exclusiveMinimum)}`
      : minimum === undefined
        ? ''
        : ` from ${say(minimum)}`;
  const isBounded = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER;
  return `${kind}${from}${isBounded ? `${exclusiveMinimum === undefined ? '' : ','} to ${say(maximum)}` : ''}`;
}
