/** Recipe keys of DEITA: its scoring and selection, behind any generation or on given rows, and its evolution. */
import { z } from 'zod';
import { complexityStrategies, qualityStrategies } from '../methods/deita/strategies.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const file = z.string().min(1);

export const score = z.strictObject({
  scorer: z
    .enum(['judge', 'logits', 'student'])
    .default('judge')
    .describe(
      '`judge`: the teacher rates by a rubric. `logits`: a scorer model as teacher, whose first token’s logprobs are read. `student`: adapters that an `evolve` run has trained, on this machine.',
    ),
  answers: z
    .enum(['digit', 'json'])
    .default('digit')
    .describe(
      'How a judge answers: with a digit, whose logprobs make an expected value where they come, or with JSON under a schema, which small models hit better.',
    ),
  complexity: file
    .optional()
    .describe(
      'With `scorer: student`: folder with adapter_model.safetensors and adapter_config.json of the complexity scorer, relative to the recipe; `dataset/scorer` of an evolve run is one.',
    ),
  quality: file
    .optional()
    .describe('With `scorer: student`: the folder of the quality scorer, relative to the recipe.'),
  twice: share
    .default(0)
    .describe(
      'Share of the rows that teachers score a second time, to see how far they agree with themselves.',
    ),
});

/** Rows that one run evolves at most: all of them are in each of its rounds. */
export const maxOrigins = 20_000;

/** How rows are chosen: by DEITA's rule, or as it is compared with. */
export const selectionRules = ['deita', 'score', 'diversity', 'k-center', 'random'] as const;

export const select = z.strictObject({
  size: count
    .max(10_000_000)
    .describe(
      'Rows to select, of generated examples no more than `target`; fewer where fewer differ enough.',
    ),
  by: z
    .enum(selectionRules)
    .default('deita')
    .describe('The rule: DEITA’s, or what it is compared with; `deita` and `score` need `score`.'),
  tau: z
    .union([z.number().min(-1).max(1), z.string().regex(/^q(0|1|0?\.\d+|1\.0+)$/, 'a quantile is like q0.9')])
    .default(0.9)
    .describe(
      'Highest cosine to a selected row; `q0.9`: that quantile of the cosines to nearest neighbours.',
    ),
  embedder: z
    .string()
    .min(1)
    .default('student')
    .describe(
      'Whose vectors: the student’s, or those of one of `teachers` with `form: embedding`; `score` and `random` need none.',
    ),
  pooling: z
    .enum(['last', 'mean'])
    .default('last')
    .describe('With the student: the last token’s hidden state, or the mean of all.'),
  maxTokens: count
    .max(1_000_000)
    .default(2_048)
    .describe(
      'Longest conversation that is embedded, in tokens; of an endpoint’s embedder three characters for each.',
    ),
  embedOnly: z
    .boolean()
    .default(false)
    .describe('Makes the vectors and selects nothing; what `seedmill score --embeddings` sets.'),
});

const trainScorer = z.strictObject({
  epochs: count.max(100).default(3).describe('Passes over the scores.'),
  batchSize: count.max(1024).default(8).describe('Scores per training step.'),
  heldOutShare: z
    .number()
    .min(0.01)
    .max(0.9)
    .default(0.1)
    .describe('Share of the scores that it is measured on.'),
});

export const evolve = z.strictObject({
  aspect: z
    .enum(['complexity', 'quality'])
    .describe('What varies: instructions become more complex, or responses better.'),
  rounds: z.int().min(1).max(5).default(5).describe('Variants of one row.'),
  strategies: z
    .array(z.enum([...complexityStrategies, ...qualityStrategies]))
    .min(1)
    .optional()
    .meta({
      description: 'Ways of evolving that are drawn from, each of the aspect.',
      byDefault: 'the paper’s, which for complexity are all but `complicate-input`',
    }),
  minMargin: z
    .number()
    .min(0)
    .max(5)
    .default(1)
    .describe('Least difference of two scores at which two responses make a preference pair.'),
  trainScorer: trainScorer
    .optional()
    .describe('Trains the student on the scores, with the settings of `student`.'),
});

export type ScoreSettings = z.infer<typeof score>;
export type SelectSettings = z.infer<typeof select>;
export type EvolveSettings = z.infer<typeof evolve>;

interface Problem {
  path: string[];
  message: string;
}

/** Whether a rule compares rows by their vectors. */
export function needsVectors(by: SelectSettings['by']): boolean {
  return by === 'deita' || by === 'diversity' || by === 'k-center';
}

/** Whether rows are selected, and not only given vectors. */
export function selects(select: SelectSettings | undefined): select is SelectSettings {
  return select !== undefined && !select.embedOnly;
}

/** Whether a rule goes by scores. */
export function needsScores(by: SelectSettings['by']): boolean {
  return by === 'deita' || by === 'score';
}

/** Methods that begin with given rows and write no examples of their own. */
export function startsFromData(method: string): method is 'deita' | 'evolve' {
  return method === 'deita' || method === 'evolve';
}

/** What is wrong between DEITA's keys and the others of a recipe. */
export function deitaProblems(recipe: {
  method: string;
  target?: number | undefined;
  data?: string | undefined;
  seeds?: string | undefined;
  heldout?: unknown;
  signal?: string | undefined;
  skillmix?: unknown;
  gate?: unknown;
  decontaminate?: unknown;
  score?: ScoreSettings | undefined;
  select?: SelectSettings | undefined;
  evolve?: EvolveSettings | undefined;
  rowsPerRound?: number | undefined;
  generation: { prompts?: string | undefined; answers?: string | undefined };
  forms: Record<string, string>;
  /** Forms of the teachers that score. */
  judges: readonly string[];
}): Problem[] {
  const { method, data, target, score, select, evolve, generation, forms, judges } = recipe;
  const problems: Problem[] = [];
  const complain = (path: string[], message: string) => problems.push({ path, message });
  if (startsFromData(method)) {
    if (data === undefined) complain(['data'], 'is missing: the file with the rows');
    if (target !== undefined)
      complain(
        ['target'],
        `belongs to methods that generate; ${method === 'deita' ? 'select.size says how many rows are selected' : 'every row is evolved'}`,
      );
    for (const key of ['seeds', 'heldout', 'skillmix', 'gate', 'decontaminate'] as const) {
      if (recipe[key] !== undefined)
        complain([key], `belongs to methods that generate; ${method} begins with data`);
    }
    if (recipe.signal !== undefined && recipe.signal !== 'none')
      complain(['signal'], `'${recipe.signal}' belongs to method: sedi`);
    for (const key of ['prompts', 'answers'] as const) {
      if (generation[key] !== undefined)
        complain(['generation', key], `belongs to methods that generate; ${method} begins with data`);
    }
  } else {
    if (target === undefined) complain(['target'], 'is missing: how many examples are wanted');
    if (data !== undefined) complain(['data'], 'belongs to method: deita or evolve');
  }
  if (method === 'deita' && score === undefined && select === undefined)
    complain(['score'], 'is missing: deita scores, selects, or both');
  if (method === 'evolve') {
    if (evolve === undefined) complain(['evolve'], 'is missing');
    for (const key of ['score', 'select'] as const) {
      if (recipe[key] !== undefined)
        complain([key], 'belongs to another run: evolve makes variants and ranks them');
    }
  } else if (evolve !== undefined) complain(['evolve'], 'belongs to method: evolve');
  if (evolve?.strategies !== undefined) {
    const known: readonly string[] =
      evolve.aspect === 'complexity' ? complexityStrategies : qualityStrategies;
    for (const one of evolve.strategies.filter((one) => !known.includes(one)))
      complain(['evolve', 'strategies'], `"${one}" is none of ${evolve.aspect}: ${known.join(', ')}`);
  }
  if (recipe.rowsPerRound !== undefined && score === undefined && select === undefined)
    complain(['rowsPerRound'], 'belongs to score and select');
  problems.push(...scoreProblems(score, judges), ...selectProblems({ score, select, target, forms }));
  return problems;
}

function scoreProblems(score: ScoreSettings | undefined, judges: readonly string[]): Problem[] {
  if (score === undefined) return [];
  const problems: Problem[] = [];
  if (score.answers === 'json' && score.scorer !== 'judge')
    problems.push({ path: ['score', 'answers'], message: 'json belongs to scorer: judge' });
  if (score.answers === 'json' && judges.some((form) => form !== 'chat'))
    problems.push({ path: ['score', 'answers'], message: 'json needs a teacher with form: chat' });
  if (score.twice > 0 && score.scorer === 'student')
    problems.push({
      path: ['score', 'twice'],
      message: 'belongs to judge and logits: the student says the same twice',
    });
  const folders = (['complexity', 'quality'] as const).flatMap((aspect) => {
    const path = ['score', aspect];
    if (score.scorer === 'student' && score[aspect] === undefined)
      return [{ path, message: 'is missing: the folder of the adapter that an evolve run has trained' }];
    if (score.scorer !== 'student' && score[aspect] !== undefined)
      return [{ path, message: 'belongs to scorer: student' }];
    return [];
  });
  return [...problems, ...folders];
}

function selectProblems(recipe: {
  score: ScoreSettings | undefined;
  select: SelectSettings | undefined;
  target: number | undefined;
  forms: Record<string, string>;
}): Problem[] {
  const { score, select, target, forms } = recipe;
  if (select === undefined) return [];
  const problems: Problem[] = [];
  if (select.embedOnly && !needsVectors(select.by))
    problems.push({ path: ['select', 'embedOnly'], message: `select.by ${select.by} needs no vectors` });
  if (selects(select) && needsScores(select.by) && score === undefined)
    problems.push({ path: ['score'], message: `is missing: select.by ${select.by} goes by scores` });
  if (select.embedder !== 'student' && forms[select.embedder] !== 'embedding')
    problems.push({
      path: ['select', 'embedder'],
      message: 'must be student, or name one of `teachers` with form: embedding',
    });
  if (target !== undefined && select.size > target)
    problems.push({ path: ['select', 'size'], message: `is more than the ${target} examples of target` });
  return problems;
}
