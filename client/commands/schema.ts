import { recipeSchema, recipeSchemaText } from '../../activities/recipe-schema.js';
import type { Output } from '../context.js';

/** `seedmill schema`: the JSON Schema of recipes, for editors; with `--json` on one line. */
export function schema({ json }: Pick<Output, 'json'>): number {
  process.stdout.write(json ? `${JSON.stringify(recipeSchema())}\n` : recipeSchemaText());
  return 0;
}
