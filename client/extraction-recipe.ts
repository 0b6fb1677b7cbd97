/** What `seedmill skills` makes of a recipe. */
import type { Recipe } from '../activities/recipe.js';
import { skillMixPhasesOf } from '../activities/recipe-phases.js';
import { UserError } from '../store/errors.js';
import type { RecipeOnDisk } from './recipe-file.js';

/**
 * The recipe of a run that only extracts. Its calls are those that a run of the whole recipe begins with, so that they are
 * paid once.
 * @throws UserError when there is nothing to extract.
 */
export function extractionOf({ path, recipe }: RecipeOnDisk): Recipe {
  // There is nothing yet to score or to select.
  const { score: _score, select: _select, ...extracting } = recipe;
  const { method, skillmix, name } = recipe;
  if (method !== 'skillmix' || skillmix === undefined) {
    throw new UserError(`${path}: method: ${method} has no skills to extract; that is method: skillmix`);
  }
  if (skillMixPhasesOf(recipe).extraction.length === 0) {
    throw new UserError(
      `${path}: nothing is to be extracted: skillmix.skills (from: ${skillmix.skills.from}) and skillmix.queryTypes are both given`,
    );
  }
  return { ...extracting, name: `${name}-skills`, skillmix: { ...skillmix, extractOnly: true } };
}
