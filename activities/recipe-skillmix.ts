/** Recipe keys of Instruct-SkillMix, and of what may stand behind any generation: the quality gate, decontamination. */
import { z } from 'zod';
import { NGRAM, ROUGE_L_THRESHOLD } from '../methods/decontaminate.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const file = z.string().min(1);

/** In place of what zod says of a value that is none of the forms. */
const formsBy = (from: string, others = '') => ({
  error: ({ code }: { code?: string }) =>
    code === 'invalid_union' ? `must be ${from}` : `must be ${others}a group of keys with from: ${from}`,
});

const mostExamplesPerRound = 10_000;

const skills = z.preprocess(
  (value) => (value === 'none' ? { from: 'none' } : value),
  z.discriminatedUnion(
    'from',
    [
      /** Asked of the teacher: topics, then the skills of each (the paper's SDA). */
      z.strictObject({
        from: z.literal('prompting'),
        /** Topics asked for in one round. */
        topics: count.max(200).default(20),
        /** Skills asked for of each. */
        perTopic: count.max(100).default(10),
        maxRounds: count.max(100).default(10),
        /** A round that brings a smaller share of new names than this is the last one. */
        minNewShare: share.default(0.1),
      }),
      /** Named for rows of a dataset (the paper's SDD); names that mean one skill are merged. */
      z.strictObject({
        from: z.literal('dataset'),
        /** JSON Lines or a JSON array with Alpaca's, ShareGPT's or OpenAI's rows, relative to the recipe. */
        file,
        /** Rows drawn from it. */
        rows: count.max(100_000).default(500),
        /** One of `teachers`, with `form: embedding`: its vectors say which names are near each other. */
        embedder: z.string().min(1),
        /** Names with a higher cosine are neighbours that the teacher is asked about. */
        neighbours: z.number().min(-1).max(1).default(0.6),
      }),
      z.strictObject({ from: z.literal('file'), file }),
      /** The paper's ablation: a query type alone. */
      z.strictObject({ from: z.literal('none') }),
    ],
    formsBy('prompting, dataset or file', 'none, or '),
  ),
);

const queryTypes = z.discriminatedUnion(
  'from',
  [
    z.strictObject({
      from: z.literal('prompting'),
      /** Asked for in one round. */
      count: count.max(100).default(20),
    }),
    z.strictObject({ from: z.literal('file'), file }),
  ],
  formsBy('prompting or file'),
);

export const skillmix = z.strictObject({
  /** Skills in one example. */
  k: z.int().min(1).max(4).default(2),
  skills: skills.prefault({ from: 'prompting' }),
  queryTypes: queryTypes.prefault({ from: 'prompting' }),
  /** `always` as the authors' chain has it; `when-cut-off` makes the two rewriting turns only after a cut-off answer. */
  rewrites: z.enum(['when-cut-off', 'always']).default('when-cut-off'),
  /** How a conversation gives its pairs: between marks, as the authors' does, or as JSON (ours), which small models hit better. */
  answers: z.enum(['marks', 'json']).default('marks'),
  /** The ablation of low-quality answers: of the first share of each round's examples. */
  shirkers: z.strictObject({ kind: z.enum(['brief', 'junk']), share: share.default(0.2) }).optional(),
  /** Ends after the extraction; what `seedmill skills` sets. */
  extractOnly: z.boolean().default(false),
});

/** A judge's score, 1 to 6, from which an example is good enough. */
export const gate = z.strictObject({ threshold: z.number().min(1).max(6).default(4) });

/** Prompts of benchmarks that no example may repeat. */
export const decontaminate = z.preprocess(
  (value) => (typeof value === 'string' ? { file: value } : value),
  z.strictObject({
    /** JSON Lines or a JSON array, relative to the recipe. */
    file,
    /** The key that holds the prompt; without it `instruction`, `prompt` or `question`. */
    field: z.string().min(1).optional(),
    /** So many tokens in a row in common are a hit. */
    ngram: count.max(100).default(NGRAM),
    /** Highest ROUGE-L to a benchmark's prompt. */
    threshold: share.default(ROUGE_L_THRESHOLD),
  }),
);

export type SkillMixSettings = z.infer<typeof skillmix>;

interface Problem {
  path: string[];
  message: string;
}

/** What is wrong between the keys of a recipe with `method: skillmix`. */
export function skillMixProblems(recipe: {
  skillmix: SkillMixSettings;
  seeds?: string | undefined;
  heldout?: unknown;
  signal?: string | undefined;
  generation: { callsPerRound: number; prompts?: string | undefined; answers?: string | undefined };
  forms: Record<string, string>;
}): Problem[] {
  const { skillmix, seeds, heldout, signal, generation, forms } = recipe;
  const problems: Problem[] = [];
  const foreign = (path: string[]) =>
    problems.push({ path, message: 'belongs to self-instruct and sedi; skillmix draws from skills' });
  if (seeds !== undefined) foreign(['seeds']);
  if (heldout !== undefined) foreign(['heldout']);
  if (signal !== undefined && signal !== 'none') foreign(['signal']);
  if (generation.prompts !== undefined) foreign(['generation', 'prompts']);
  if (generation.answers !== undefined) foreign(['generation', 'answers']);
  if (generation.callsPerRound > mostExamplesPerRound) {
    problems.push({
      path: ['generation', 'callsPerRound'],
      message: `a round of skillmix has at most ${mostExamplesPerRound} examples: their conversations are held in memory`,
    });
  }
  const { skills, extractOnly, queryTypes } = skillmix;
  if (skills.from === 'dataset' && forms[skills.embedder] !== 'embedding') {
    problems.push({
      path: ['skillmix', 'skills', 'embedder'],
      message: 'must name one of `teachers` with form: embedding',
    });
  }
  const isGiven = skills.from === 'file' || skills.from === 'none';
  if (extractOnly && isGiven && queryTypes.from === 'file') {
    problems.push({
      path: ['skillmix', 'extractOnly'],
      message: 'nothing is to be extracted: both lists are given',
    });
  }
  return problems;
}
