import { recipeSchemaText } from '../../activities/recipe-schema.js';

/** `seedmill schema`: the JSON Schema of recipes, for editors. */
export function schema(): number {
  process.stdout.write(recipeSchemaText());
  return 0;
}
