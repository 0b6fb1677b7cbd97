/** Which teacher makes which calls of a run. */
import type { SettledEndpoint, StoredRecipe } from './run-data.js';
import type { Recipe } from './recipe.js';
import type { Teacher } from './recipe-teacher.js';
import type { SkillMixSettings } from './recipe-skillmix.js';
import type { CallPhase, ExtractionPhase, SelfInstructPhase, SkillMixPhase } from './types.js';

/** A teacher of a run that is under way: its settings, and where it is reached. */
export type SettledTeacher = Omit<Teacher, 'price' | 'model'> & SettledEndpoint;

/** Calls of one round, phase after phase: what asks for something new, then what answers it. */
export function phasesOf({ prompts, answers }: Pick<Recipe['generation'], 'prompts' | 'answers'>): {
  ask: SelfInstructPhase;
  answer: SelfInstructPhase[];
} {
  if (prompts === 'one-call') return { ask: 'tasks', answer: [] };
  return { ask: 'instructions', answer: answers === 'direct' ? ['answers'] : ['classify', 'instances'] };
}

/** What decides which calls a run makes. */
type WithPhases = {
  method: Recipe['method'];
  generation: Pick<Recipe['generation'], 'prompts' | 'answers'>;
  skillmix?: SkillMixSettings | undefined;
  gate?: unknown;
};

/** Every kind of call that a run makes, in the order of a round. */
export function callPhasesOf(recipe: WithPhases): CallPhase[] {
  if (recipe.method !== 'skillmix') {
    const { ask, answer } = phasesOf(recipe.generation);
    return [ask, ...answer];
  }
  const { extraction, generation } = skillMixPhasesOf(recipe);
  return [...extraction, ...generation];
}

/** Instruct-SkillMix: what finds skills and query types, then what writes an example. */
export function skillMixPhasesOf({ skillmix, gate }: Pick<WithPhases, 'skillmix' | 'gate'>): {
  extraction: ExtractionPhase[];
  generation: SkillMixPhase[];
} {
  if (!skillmix) throw new Error('a recipe of SkillMix without its keys');
  const { skills, queryTypes, shirkers, extractOnly } = skillmix;
  const ofSkills: Record<typeof skills.from, ExtractionPhase[]> = {
    prompting: ['topics', 'topic-skills'],
    dataset: ['row-skills', 'embeddings', 'synonyms'],
    file: [],
    none: [],
  };
  return {
    extraction: [
      ...ofSkills[skills.from],
      ...(queryTypes.from === 'prompting' ? ['query-types' as const] : []),
    ],
    generation: extractOnly
      ? []
      : [
          'draft',
          'draft-rewrite',
          'critique',
          'improve',
          'improve-rewrite',
          ...(shirkers ? ['shirk' as const] : []),
          ...(gate ? ['judge' as const] : []),
        ],
  };
}

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

type WithTeachers = Pick<Recipe, 'method' | 'teacher' | 'teachers' | 'generation' | 'skillmix' | 'gate'>;

function namesOf(recipe: WithTeachers, phase: CallPhase): [string, ...string[]] {
  const first =
    phase === 'embeddings' ? embedderOf(recipe) : (recipe.generation.teachers[phase] ?? recipe.teacher.name);
  return [first, ...settingsOf(recipe, first).fallback];
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
