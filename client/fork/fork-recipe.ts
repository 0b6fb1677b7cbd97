/** The recipe of a fork: its parent's, with changes. */
import type { Recipe } from '../../activities/recipe.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import type { Teacher } from '../../activities/recipe-teacher.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { resolveStudentModel } from '../check-student.js';
import { parseRecipe } from '../recipe-file.js';
import { differingKeys } from '../run-identity.js';

export interface ForkRecipe {
  /** The parent's, as this version reads it. */
  base: Recipe;
  recipe: Recipe;
  /** Keys whose values differ. */
  changed: string[];
}

/**
 * Applies `--set key=value` changes to a stored recipe, checked as a recipe on disk is. Paths among them begin where the command
 * runs.
 * @throws UserError naming the keys that are wrong.
 */
export function forkRecipe(stored: StoredRecipe, changes: readonly string[]): ForkRecipe {
  const file = { path: `the recipe of ${stored.name}`, text: JSON.stringify(recipeFileOf(stored)) };
  const { recipe: base } = parseRecipe(file, []);
  const { recipe } = parseRecipe(file, changes);
  if (recipe.student.model !== base.student.model) {
    recipe.student.model = resolveStudentModel(recipe.student.model, 'recipe');
  }
  // How many rows there are decides.
  if (startsFromData(stored.method)) recipe.target = base.target;
  return { base, recipe, changed: differingKeys(base, recipe) };
}

/** A recipe as a file would say it: without what only a resolved one has. */
function recipeFileOf({ endpoints: _settled, ...recipe }: StoredRecipe): unknown {
  const { method, teacher, teachers, heldout, target, generation, ...keys } = recipe;
  const { prompts, answers, ...calls } = generation;
  const further = Object.entries(teachers).map(([name, { name: _key, ...settings }]) => [
    name,
    teacherFileOf(settings),
  ]);
  const asks = method === 'self-instruct' || method === 'sedi';
  return {
    ...keys,
    method,
    teacher: teacherFileOf(teacher),
    teachers: Object.fromEntries(further),
    generation: { ...calls, ...(asks && { prompts, answers }) },
    ...(heldout !== null && { heldout }),
    ...(!startsFromData(method) && { target }),
  };
}

function teacherFileOf<Settings extends Omit<Teacher, 'name'>>({ model, price, ...settings }: Settings) {
  return {
    ...settings,
    ...(settings.endpoint !== 'local' && { model }),
    ...(price !== null && { price }),
  };
}
