/**
 * Writes what is generated for people and editors: the JSON Schema of recipes, and the lists in the docs.
 *
 *     npm run reference
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { recipeSchemaText } from '../../activities/recipe-schema.js';
import { packageRoot } from '../../workers/folders.js';
import { program } from '../main.js';
import { withCommands } from './command-list.js';
import { withKeyTables } from './key-tables.js';

/** What each generated file has to be, by its path in the project. */
export function references(): { file: string; text: string }[] {
  const now = (file: string) => readFileSync(path.join(packageRoot, file), 'utf8');
  return [
    { file: 'recipes/recipe.schema.json', text: recipeSchemaText() },
    { file: 'docs/recipes.md', text: withKeyTables(now('docs/recipes.md')) },
    { file: 'docs/commands.md', text: withCommands(now('docs/commands.md'), program) },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of references()) writeFileSync(path.join(packageRoot, file), text);
}
