/**
 * The recipe: everything a person decides about a run, validated, with every default filled in.
 * A resolved recipe lies in the store beside its run and is read from there by every activity; it holds no keys,
 * no environment and no machine's addresses except a base URL that the recipe itself gives.
 */
import { z } from 'zod';
import { tokenisationFor } from '../methods/language.js';
import { RELAXED_THRESHOLD, STRICT_THRESHOLD } from '../methods/sedi/batches.js';
import {
  formOf,
  furtherTeacher,
  mainTeacher,
  teacherName,
  teacherProblems,
  teacherWithDefaults,
} from './recipe-teacher.js';
import { decontaminate, gate, type SkillMixSettings, skillMixProblems, skillmix } from './recipe-skillmix.js';
import { deitaProblems, evolve, score, select, startsFromData } from './recipe-deita.js';
import { budget, filter, generation, heldout, provenance, refine, stop, student } from './recipe-keys.js';
import { review, reviewProblems } from './recipe-review.js';
import { callPhasesOf } from './recipe-phases.js';
import { scan } from './recipe-scan.js';

const count = z.int().min(1);

const recipeKeys = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'lower-case letters, digits and dashes, at most 41')
    .describe('Lower-case letters, digits and dashes, at most 41; begins the run’s id.'),
  method: z
    .enum(['self-instruct', 'sedi', 'skillmix', 'deita', 'evolve'])
    .describe(
      'Self-Instruct, SeDi-Instruct, Instruct-SkillMix, DEITA’s scoring and selection of given rows, or DEITA’s evolution of them.',
    ),
  seed: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(1)
    .describe('Every random choice of the run derives from it.'),
  target: count.max(10_000_000).optional().meta({
    description: 'Examples in the dataset.',
    byDefault: 'required; not with deita and evolve, whose rows decide',
  }),
  data: z.string().min(1).optional().meta({
    description:
      'Rows to score, select from or evolve, relative to the recipe: Alpaca’s, ShareGPT’s or OpenAI’s form, JSON Lines or a JSON array.',
    byDefault: 'required with deita and evolve, which alone have it',
  }),
  rowsPerRound: count.max(20_000).optional().meta({
    description:
      'With `score` or `select`: rows that one round scores, embeds and gathers; calls about them are planned together.',
    byDefault: '2,000',
  }),
  score: score
    .optional()
    .describe('DEITA’s scores, of what was generated or of `data`; any method but evolve.'),
  select: select
    .optional()
    .describe('DEITA’s selection, of what was generated or of `data`; any method but evolve.'),
  evolve: evolve.optional().meta({
    description: 'DEITA’s evolution: variants of the rows of `data`, ranked.',
    byDefault: 'required with `method: evolve`, which alone has it',
  }),
  seeds: z.string().min(1).optional().meta({
    description: 'Seed tasks in Self-Instruct’s or Alpaca’s format, relative to the recipe.',
    byDefault: 'required with sedi and self-instruct, which alone have them',
  }),
  provenance: provenance
    .optional()
    .describe(
      'Where `seeds` or `data` come from: goes into lineage and card for every row that does not say so itself.',
    ),
  skillmix: skillmix.optional().meta({
    description: 'Instruct-SkillMix’s lists, number of skills and ablations; only with `method: skillmix`.',
    byDefault: 'the defaults of its keys',
  }),
  gate: gate.optional().describe('Examples that a judge scores lower are rejected; only with skillmix.'),
  decontaminate: decontaminate.optional(),
  scan: scan.optional(),
  review: review
    .optional()
    .describe('Rounds wait until a person has looked at them; any method that generates.'),
  heldout: heldout.optional().meta({
    description:
      'Tasks that the student is measured on and nothing is made from: a share of the human seeds, or a file.',
    byDefault: '`{share: 0.2}` (sedi), none (self-instruct)',
  }),
  teacher: mainTeacher.describe(
    'The model that makes the calls, unless `generation.teachers` names another one.',
  ),
  teachers: z
    .record(teacherName, furtherTeacher)
    .default({})
    .describe(
      'Further teachers by name, with the keys of `teacher`: for single kinds of call, as a `fallback`, or for vectors.',
    ),
  budget: budget.default({}).describe('The run pauses before it could spend more.'),
  generation: generation.prefault({}).describe('How examples are asked for.'),
  filter: filter.prefault({}).describe('What is too similar to be accepted.'),
  batchSize: count.max(1024).default(8).describe('Examples per training batch; sedi.'),
  signal: z.enum(['train', 'evaluate', 'none']).optional().meta({
    description: 'What the student does after each round: train, only evaluate losses, or nothing; sedi.',
    byDefault: '`train` (sedi), `none` (the others)',
  }),
  instructionSignal: z
    .enum(['alignment', 'learnability', 'random'])
    .default('alignment')
    .describe('What makes an instruction attractive; `random` is the control; sedi.'),
  student: student
    .prefault({})
    .describe('The local model that is trained, measures batches, makes vectors or scores.'),
  refine: refine.prefault({}).describe('Which instructions become seeds; sedi.'),
  stop: stop.prefault({}).describe('When a run ends or pauses without its target.'),
});

export const recipeFile = recipeKeys.check((context) => {
  const recipe = withForms(context.value);
  const complain = ({ path, message }: { path: string[]; message: string }) =>
    context.issues.push({ code: 'custom', input: context.value, path, message });
  for (const problem of [...teacherProblems(recipe), ...methodProblems(recipe)]) complain(problem);
});

/** Keys that do not go together with the recipe's method. Of a recipe that `withForms` has seen. */
function methodProblems(recipe: RecipeFile): { path: string[]; message: string }[] {
  const { method, signal, generation, teacher, teachers, seeds } = recipe;
  const problems: { path: string[]; message: string }[] = [];
  const isChat = formOf(teacher) === 'chat';
  const prompts = generation.prompts ?? (isChat ? 'one-call' : 'staged');
  const forms = Object.fromEntries(Object.entries(teachers).map(([name, one]) => [name, formOf(one)]));
  const judges = (['complexity', 'quality'] as const).map((phase) => {
    const name = generation.teachers[phase];
    return (name !== undefined && forms[name]) || formOf(teacher);
  });
  problems.push(...deitaProblems({ ...recipe, forms, judges }), ...reviewProblems(recipe));
  if (method === 'skillmix') {
    problems.push(...skillMixProblems({ ...recipe, skillmix: skillMixOf(recipe), forms }));
    if (!isChat)
      problems.push({ path: ['teacher', 'form'], message: 'SkillMix is a conversation: chat is needed' });
  } else if (!startsFromData(method)) {
    if (seeds === undefined) problems.push({ path: ['seeds'], message: 'is missing' });
    for (const key of ['skillmix', 'gate'] as const) {
      if (recipe[key] !== undefined) problems.push({ path: [key], message: 'belongs to method: skillmix' });
    }
    if (prompts === 'one-call' && generation.answers === 'direct') {
      problems.push({
        path: ['generation', 'answers'],
        message:
          "'direct' belongs to prompts: staged; with one-call (the default of chat) the answer comes along",
      });
    }
  }
  if (recipe.provenance !== undefined && method === 'skillmix')
    problems.push({ path: ['provenance'], message: 'belongs to seeds and data; skillmix has neither' });
  if (method === 'deita' && recipe.scan !== undefined)
    problems.push({ path: ['scan'], message: 'is of what a run generates; "seedmill scan" looks at a file' });
  if (method === 'self-instruct' && signal !== undefined && signal !== 'none') {
    problems.push({
      path: ['signal'],
      message: `'${signal}' belongs to method: sedi; Self-Instruct trains nothing`,
    });
  }
  const made: string[] = callPhasesOf({
    method,
    generation: { prompts, answers: generation.answers ?? 'classify' },
    skillmix: skillMixOf(recipe),
    gate: recipe.gate,
    score: recipe.score,
    select: recipe.select,
  });
  for (const key of ['teachers', 'maxTokens'] as const) {
    for (const phase of Object.keys(generation[key]).filter((phase) => !made.includes(phase))) {
      problems.push({
        path: ['generation', key, phase],
        message: `this recipe makes no such calls, only ${made.join(', ')}`,
      });
    }
  }
  for (const [phase, name] of Object.entries(generation.teachers)) {
    const named = name === undefined || name === teacher.name ? undefined : teachers[name];
    // One that makes vectors is refused by `teacherProblems`.
    if (method === 'skillmix' && named && formOf(named) === 'completion')
      problems.push({ path: ['generation', 'teachers', phase], message: `"${name}" is no chat` });
  }
  return problems;
}

/** The recipe with the forms that its method gives to teachers without one: SkillMix is a conversation, with the local model too. */
function withForms(recipe: RecipeFile): RecipeFile {
  if (recipe.method !== 'skillmix') return recipe;
  const teachers = Object.entries(recipe.teachers).map(([name, one]) => [
    name,
    { form: 'chat' as const, ...one },
  ]);
  return {
    ...recipe,
    teacher: { form: 'chat', ...recipe.teacher },
    teachers: Object.fromEntries(teachers),
  };
}

function skillMixOf({ skillmix: given }: RecipeFile): SkillMixSettings {
  return given ?? skillmix.parse({});
}

export type RecipeFile = z.infer<typeof recipeKeys>;

/** A recipe with every choice made; what the store keeps as `recipe.json`. */
export type Recipe = ReturnType<typeof withDefaults>;

/** Fills in the defaults that depend on other keys. */
export function withDefaults(given: RecipeFile) {
  const file = withForms(given);
  const { generation, filter, method } = file;
  const isSedi = method === 'sedi';
  const isSkillMix = method === 'skillmix';
  const teacher = teacherWithDefaults(file.teacher);
  const further = Object.entries(file.teachers).map(
    ([name, settings]) => [name, teacherWithDefaults({ name, ...settings })] as const,
  );
  // What begins with given rows filters none of them by similarity to a pool.
  const poolThreshold = {
    'self-instruct': STRICT_THRESHOLD,
    sedi: RELAXED_THRESHOLD,
    skillmix: 1,
    deita: 1,
    evolve: 1,
  }[method];
  return {
    ...file,
    // Where rows are given, there are no more than these; known once they are read.
    target: file.target ?? file.select?.size ?? 0,
    ...(isSkillMix && { skillmix: skillMixOf(file) }),
    teacher,
    teachers: Object.fromEntries(further),
    generation: {
      ...generation,
      prompts: generation.prompts ?? (teacher.form === 'chat' ? ('one-call' as const) : ('staged' as const)),
      answers: generation.answers ?? ('classify' as const),
    },
    filter: {
      ...filter,
      poolThreshold: filter.poolThreshold ?? poolThreshold,
      tokens: filter.tokens ?? tokenisationFor(generation.language),
    },
    signal: file.signal ?? (isSedi ? 'train' : 'none'),
    heldout: file.heldout ?? (isSedi ? { share: 0.2 } : null),
  };
}
