/**
 * The tables of `docs/recipes.md`, from the recipe's schema. The page says where a group of keys has its table:
 *
 *     <!-- keys of teacher, teachers.* -->
 *     …
 *     <!-- end of keys -->
 *
 * A table has the keys of its first group and of the groups in it, as far as these have no table of their own; the other
 * groups named have the same keys. `recipe` is the outermost one, so that no key is without a table.
 */
import { recipeKeyList, type RecipeKey } from './key-list.js';

const block = /(<!-- keys of (.+?) -->\n)[\s\S]*?(<!-- end of keys -->)/g;

/** The page with its tables written anew. @throws Error when it has no place for the recipe's own keys. */
export function withKeyTables(page: string, keys: readonly RecipeKey[] = recipeKeyList()): string {
  const groups = [...page.matchAll(block)].flatMap(([, , names = '']) => names.split(', '));
  if (!groups.includes('recipe')) throw new Error('the page has no <!-- keys of recipe -->');
  return page.replaceAll(block, (_all, begin: string, names: string, end: string) => {
    const [group = '', ...alike] = names.split(', ');
    const own = ownKeys(keys, group, groups);
    for (const other of alike) requireAlike(own, ownKeys(keys, other, groups));
    return `${begin}\n${tableOf(own)}\n\n${end}`;
  });
}

/** With their paths below the group. */
function ownKeys(keys: readonly RecipeKey[], group: string, groups: readonly string[]): RecipeKey[] {
  const prefix = group === 'recipe' ? '' : `${group}.`;
  const inner = groups.filter((other) => other !== 'recipe' && other !== group && other.startsWith(prefix));
  const own = keys.filter(
    ({ path }) => path.startsWith(prefix) && !inner.some((other) => path.startsWith(`${other}.`)),
  );
  if (own.length === 0) throw new Error(`a recipe has no keys of ${group}`);
  return own.map((key) => ({ ...key, path: key.path.slice(prefix.length) }));
}

function requireAlike(own: readonly RecipeKey[], others: readonly RecipeKey[]): void {
  for (const other of others) {
    const twin = own.find(({ path, only }) => path === other.path && only === other.only);
    if (twin?.description !== other.description) throw new Error(`${other.path} is not alike in both groups`);
  }
}

function tableOf(keys: readonly RecipeKey[]): string {
  const rows = keys.map(({ path, byDefault, values, description, only }) => [
    `\`${path}\``,
    byDefault,
    values === 'keys' ? '' : values,
    only === null ? description : `With ${only}. ${description}`,
  ]);
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(['key', 'default', 'values', '']), '| --- | --- | --- | --- |', ...rows.map(line)].join('\n');
}
