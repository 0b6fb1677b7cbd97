/** Which teacher makes which calls of a run. */
import type { SettledEndpoint, StoredRecipe } from './run-data.js';
import type { Recipe } from './recipe.js';
import type { Teacher } from './recipe-teacher.js';
import type { CallPhase } from './types.js';

/** A teacher of a run that is under way: its settings, and where it is reached. */
export type SettledTeacher = Omit<Teacher, 'price' | 'model'> & SettledEndpoint;

/** Every teacher of a recipe, the main one first. */
export function allTeachers({ teacher, teachers }: Pick<Recipe, 'teacher' | 'teachers'>): Teacher[] {
  return [teacher, ...Object.values(teachers)];
}

/** Teachers that a phase's calls are put to: the one that makes them, then those that take over while it is out. */
export function teachersOf(recipe: StoredRecipe, phase: CallPhase): [SettledTeacher, ...SettledTeacher[]] {
  const first = teacherOf(recipe, phase);
  return [first, ...first.fallback.map((name) => settledTeacher(recipe, name))];
}

/** The teacher that makes a phase's calls. */
export function teacherOf(recipe: StoredRecipe, phase: CallPhase): SettledTeacher {
  return settledTeacher(recipe, recipe.generation.teachers[phase] ?? recipe.teacher.name);
}

/** One of `teachersOf`, by its place. */
export function teacherAt(recipe: StoredRecipe, phase: CallPhase, place: number): SettledTeacher {
  const found = teachersOf(recipe, phase)[place];
  if (!found) throw new Error(`${phase} has no teacher in place ${place}`);
  return found;
}

function settledTeacher(recipe: StoredRecipe, name: string): SettledTeacher {
  const settings = name === recipe.teacher.name ? recipe.teacher : recipe.teachers[name];
  const endpoint = recipe.endpoints[name];
  if (!settings || !endpoint) throw new Error(`the recipe has no teacher "${name}"`);
  return { ...settings, ...endpoint };
}
