/** Reads a recipe: YAML, checked key by key, with messages that name the line. */
import { isNode, LineCounter, parseDocument, parse as parseYaml } from 'yaml';
import { type Recipe, recipeFile, withDefaults } from '../activities/recipe.js';
import { UserError } from '../store/errors.js';
import { readText } from './read-text.js';

/** Most problems shown of one file: the rest is usually their consequence. */
const problemsShown = 8;

export interface RecipeOnDisk {
  /** Path as the person gave it; `seeds`, `heldout.file` and `teacher.gguf` are relative to its folder. */
  path: string;
  recipe: Recipe;
}

/**
 * Reads and checks a recipe and applies `--set key=value` changes.
 * @throws UserError naming file, line and key of everything that is wrong with it.
 */
export async function readRecipe(path: string, changes: readonly string[] = []): Promise<RecipeOnDisk> {
  return parseRecipe({ path, text: await readText(path) }, changes);
}

/** The same for a text; messages name `path`. */
export function parseRecipe(
  { path, text }: { path: string; text: string },
  changes: readonly string[],
): RecipeOnDisk {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors[0];
  if (syntax) {
    const { line } = lines.linePos(syntax.pos[0]);
    throw new UserError(`${path}:${line}: not YAML: ${syntax.message}`);
  }
  const changed = new Set<string>();
  for (const change of changes) changed.add(applyChange(document, change));
  const checked = recipeFile.safeParse(document.toJS() ?? {});
  if (checked.success) return { path, recipe: withDefaults(checked.data) };

  const problems = checked.error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ key: [...path, key], message: 'no such key; is it misspelt?' }));
    }
    const isAbsent = issue.code !== 'custom' && path.length > 0 && !document.hasIn(path.map(asIndex));
    return [{ key: path, message: isAbsent ? 'is missing' : issue.message }];
  });
  const shown = problems.slice(0, problemsShown).map(({ key, message }) => {
    const name = key.join('.') || 'the recipe';
    const isChanged = [...changed].some(
      (change) => `${change}.`.startsWith(`${name}.`) || `${name}.`.startsWith(`${change}.`),
    );
    return `${isChanged ? '--set' : `${path}:${lineOf(key)}`}: ${name}: ${message}`;
  });
  const more = problems.length - shown.length;
  throw new UserError([...shown, ...(more > 0 ? [`and ${more} more problems`] : [])].join('\n'));

  /** Line of a key, or of the closest parent that the file has. */
  function lineOf(key: string[]): number {
    for (let length = key.length; length > 0; length -= 1) {
      const node = document.getIn(key.slice(0, length).map(asIndex), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  }
}

/** Applies `a.b=value`, the value read as YAML; returns the key. */
function applyChange(document: ReturnType<typeof parseDocument>, change: string): string {
  const at = change.indexOf('=');
  if (at < 1) throw new UserError(`--set ${change}: expected key=value, for example --set target=100`);
  const key = change.slice(0, at).trim();
  let value: unknown;
  try {
    value = parseYaml(change.slice(at + 1), { prettyErrors: false });
  } catch (error) {
    throw new UserError(`--set ${change}: the value is not YAML: ${(error as Error).message}`);
  }
  try {
    // As nodes: a group that came by --set has keys like any other.
    document.setIn(key.split('.').map(asIndex), document.createNode(value));
  } catch {
    throw new UserError(`--set ${key}: a part of this key is no group of keys in the recipe`);
  }
  return key;
}

function asIndex(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part;
}
