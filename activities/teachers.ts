/** Which teacher makes which calls of a run. */
import type { SettledEndpoint, StoredRecipe } from './run-data.js';
import type { Recipe } from './recipe.js';
import { needsVectors } from './recipe-deita.js';
import type { Teacher } from './recipe-teacher.js';
import { callPhasesOf } from './recipe-phases.js';
import type { CallPhase } from './types.js';

/** A teacher of a run that is under way: its settings, and where it is reached. */
export type SettledTeacher = Omit<Teacher, 'price' | 'model'> & SettledEndpoint;

/** Every teacher that a run may call, each once: those of its phases, and those that can take over. */
export function usedTeachers(recipe: WithTeachers): Teacher[] {
  const names = callPhasesOf(recipe).flatMap((phase) => namesOf(recipe, phase));
  return [...new Set(names)].map((name) => settingsOf(recipe, name));
}

/** Those of them whose calls have no known price, in words; null: all have one. */
export function unpricedTeachers(recipe: StoredRecipe): string | null {
  const unpriced = usedTeachers(recipe).filter(({ name }) => recipe.endpoints[name]?.price === null);
  return unpriced.map(({ name, model }) => `${model} (teacher ${name})`).join(', ') || null;
}

/** Teachers that a phase's calls are put to: the one that makes them, then those that take over while it is out. */
export function teachersOf(recipe: StoredRecipe, phase: CallPhase): [SettledTeacher, ...SettledTeacher[]] {
  const [first, ...standIns] = namesOf(recipe, phase);
  return [settledTeacher(recipe, first), ...standIns.map((name) => settledTeacher(recipe, name))];
}

/** Whether the student does anything: trains, measures, scores or makes vectors. */
export function usesStudent(recipe: Pick<Recipe, 'signal' | 'score' | 'select' | 'evolve'>): boolean {
  const { signal, score, select, evolve } = recipe;
  return (
    signal !== 'none' ||
    score?.scorer === 'student' ||
    (select !== undefined && needsVectors(select.by) && select.embedder === 'student') ||
    evolve?.trainScorer !== undefined
  );
}

/** The teacher that makes a phase's calls. */
export function teacherOf(recipe: StoredRecipe, phase: CallPhase): SettledTeacher {
  return settledTeacher(recipe, namesOf(recipe, phase)[0]);
}

/** One of `teachersOf`, by its place. */
export function teacherAt(recipe: StoredRecipe, phase: CallPhase, place: number): SettledTeacher {
  const found = teachersOf(recipe, phase)[place];
  if (!found) throw new Error(`${phase} has no teacher in place ${place}`);
  return found;
}

type WithTeachers = Pick<
  Recipe,
  'method' | 'teacher' | 'teachers' | 'generation' | 'skillmix' | 'gate' | 'score' | 'select'
>;

function namesOf(recipe: WithTeachers, phase: CallPhase): [string, ...string[]] {
  const first = firstOf(recipe, phase);
  return [first, ...settingsOf(recipe, first).fallback];
}

function firstOf(recipe: WithTeachers, phase: CallPhase): string {
  switch (phase) {
    case 'embeddings':
      return embedderOf(recipe);
    case 'vectors':
      if (!recipe.select) throw new Error('the recipe has no embedder');
      return recipe.select.embedder;
    default:
      return recipe.generation.teachers[phase] ?? recipe.teacher.name;
  }
}

function embedderOf({ skillmix }: WithTeachers): string {
  if (skillmix?.skills.from !== 'dataset') throw new Error('the recipe has no embedder');
  return skillmix.skills.embedder;
}

/** A recipe never changes, and every call asks for its teacher several times. */
const settled = new WeakMap<StoredRecipe, Map<string, SettledTeacher>>();

function settledTeacher(recipe: StoredRecipe, name: string): SettledTeacher {
  const ofRecipe = settled.get(recipe) ?? new Map<string, SettledTeacher>();
  settled.set(recipe, ofRecipe);
  const known = ofRecipe.get(name);
  if (known) return known;
  const endpoint = recipe.endpoints[name];
  if (!endpoint) throw new Error(`teacher "${name}" was not settled when the run was started`);
  const teacher = { ...settingsOf(recipe, name), ...endpoint };
  ofRecipe.set(name, teacher);
  return teacher;
}

function settingsOf({ teacher, teachers }: WithTeachers, name: string): Teacher {
  const settings = name === teacher.name ? teacher : teachers[name];
  if (!settings) throw new Error(`the recipe has no teacher "${name}"`);
  return settings;
}
