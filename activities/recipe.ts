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
import { studentSettings } from './student-messages.js';
import { callPhasesOf } from './recipe-phases.js';

const share = z.number().min(0).max(1);
const count = z.int().min(1);

/** One value for each kind of call that a recipe may want to name. */
function ofPhases<Value extends z.ZodType>(value: Value) {
  const one = value.optional();
  return z.strictObject({
    instructions: one,
    classify: one,
    instances: one,
    answers: one,
    tasks: one,
    topics: one,
    'topic-skills': one,
    'query-types': one,
    'row-skills': one,
    synonyms: one,
    draft: one,
    'draft-rewrite': one,
    critique: one,
    improve: one,
    'improve-rewrite': one,
    shirk: one,
    judge: one,
    complexity: one,
    quality: one,
    evolve: one,
    gain: one,
    rank: one,
  });
}

const generation = z.strictObject({
  /** `staged`: a list of instructions, then answers. `one-call`: whole tasks at once (Alpaca's form). */
  prompts: z.enum(['staged', 'one-call']).optional(),
  /** With `staged`: `classify` as Self-Instruct does it, or `direct`: the instruction alone is put to the teacher. */
  answers: z.enum(['classify', 'direct']).optional(),
  /** Calls that ask for new instructions (or tasks), per round; with skillmix: examples begun. */
  callsPerRound: count.max(100_000).default(100),
  /** Sampling of the calls that ask for new instructions or tasks; default: the method's own figures. */
  sampling: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      topP: z.number().positive().max(1).optional(),
      presencePenalty: z.number().min(-2).max(2).optional(),
      frequencyPenalty: z.number().min(-2).max(2).optional(),
    })
    .default({}),
  /** Longest answer in tokens, per kind of call; default: the method's own figures. */
  maxTokens: ofPhases(count).default({}),
  /** Which of `teachers` makes the calls of a phase; `teacher` where none is named. */
  teachers: ofPhases(teacherName).default({}),
  domain: z.string().min(1).max(500).optional(),
  /** English unless given; another one switches the ASCII reject off and Unicode tokenisation on. */
  language: z.string().min(2).max(50).default('English'),
  system: z.string().min(1).max(4000).optional(),
});

const noLimit = 'a budget must be more than 0; leave the key out for no limit';
const budget = z.strictObject({
  /** Dollars, unknown bills counted at their highest. Needs a price for every teacher. */
  usd: z.number().positive(noLimit).optional(),
  /** Requests that are billed or may be: not those that the endpoint turned away. */
  calls: z.int().min(1, noLimit).optional(),
  /** Prompt and completion tokens. */
  tokens: z.int().min(1, noLimit).optional(),
});

const filter = z.strictObject({
  /** Highest ROUGE-L to anything in the pool; default 0.7 (Self-Instruct), 0.85 (SeDi-Instruct), 1 (SkillMix: all pass). */
  poolThreshold: share.optional(),
  /** Highest ROUGE-L inside a batch. */
  batchThreshold: share.default(0.7),
  /** `rouge`: as Google's rouge_score. `unicode`: words of any script. Default by language. */
  tokens: z.enum(['rouge', 'unicode']).optional(),
});

const refine = z.strictObject({
  /** Share of a round's batches that can count as attractive. */
  attractiveShare: share.default(0.3),
  /** Most instructions that join the seeds after one round. */
  addPerRound: count.default(8),
  /** Most machine-made seeds at any time. */
  poolSize: count.default(200),
});

const stop = z.strictObject({
  maxRounds: count.default(1000),
  maxCallsPerAccepted: z.number().positive().default(50),
  /** This many rounds in a row under `stallYield` accepted per candidate pause the run. */
  stallRounds: count.default(3),
  stallYield: share.default(0.01),
});

const heldout = z.union([
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ share: z.number().min(0.01).max(0.9) }),
]);

const recipeKeys = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'lower-case letters, digits and dashes, at most 41'),
  method: z.enum(['self-instruct', 'sedi', 'skillmix', 'deita', 'evolve']),
  /** Every random choice of the run derives from it. */
  seed: z.int().min(0).max(2_147_483_647).default(1),
  /** Accepted examples; with deita and evolve the rows of `data` decide. */
  target: count.max(10_000_000).optional(),
  /** Rows to score, select from or evolve, relative to the recipe: JSON Lines or a JSON array; with deita and evolve. */
  data: z.string().min(1).optional(),
  /** Rows that one round scores, embeds and gathers: calls about them are planned together. Default: 2,000. */
  rowsPerRound: count.max(20_000).optional(),
  /** DEITA's scores, of what was generated or of `data`. */
  score: score.optional(),
  /** DEITA's selection among them. */
  select: select.optional(),
  /** DEITA's evolution; with method: evolve. */
  evolve: evolve.optional(),
  /** Seed tasks, relative to the recipe; skillmix needs none. */
  seeds: z.string().min(1).optional(),
  /** Instruct-SkillMix's own keys. */
  skillmix: skillmix.optional(),
  /** Examples that a judge scores lower are rejected; with skillmix. */
  gate: gate.optional(),
  /** Candidates that repeat a benchmark's prompt are rejected; any method. */
  decontaminate: decontaminate.optional(),
  /** Default: a fifth of the seeds with sedi; none with self-instruct, which measures nothing. */
  heldout: heldout.optional(),
  teacher: mainTeacher,
  /** Further teachers by name, for single phases (`generation.teachers`) or as a `fallback`. */
  teachers: z.record(teacherName, furtherTeacher).default({}),
  /** The run pauses before it could spend more. */
  budget: budget.default({}),
  generation: generation.prefault({}),
  filter: filter.prefault({}),
  /** Examples per training batch. */
  batchSize: count.max(1024).default(8),
  /** What the student does after each round; default: `train` with sedi, `none` with self-instruct. */
  signal: z.enum(['train', 'evaluate', 'none']).optional(),
  instructionSignal: z.enum(['alignment', 'learnability', 'random']).default('alignment'),
  student: z
    .strictObject({
      model: studentSettings.shape.model.default('smollm2-135m'),
      device: studentSettings.shape.device.default('auto'),
      loraRank: studentSettings.shape.loraRank.default(16),
      loraAlpha: studentSettings.shape.loraAlpha.default(32),
      learningRate: studentSettings.shape.learningRate.default(2e-4),
      warmupSteps: studentSettings.shape.warmupSteps.default(0),
      maxTokens: studentSettings.shape.maxTokens.default(512),
    })
    .prefault({}),
  refine: refine.prefault({}),
  stop: stop.prefault({}),
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
  problems.push(...deitaProblems({ ...recipe, forms, judges }));
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
