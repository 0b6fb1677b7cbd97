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
      z
        .strictObject({
          from: z.literal('prompting').describe('Where skills come from.'),
          topics: count.max(200).default(20).describe('Topics asked for in one round.'),
          perTopic: count.max(100).default(10).describe('Skills asked for of each topic.'),
          maxRounds: count.max(100).default(10).describe('Rounds of extraction at most.'),
          minNewShare: share
            .default(0.1)
            .describe('A round that brings a smaller share of new names than this is the last one.'),
        })
        .describe('Asked of the teacher: topics, then the skills of each (the paper’s SDA).'),
      z
        .strictObject({
          from: z.literal('dataset').describe('Where skills come from.'),
          file: file.describe(
            'JSON Lines or a JSON array with Alpaca’s, ShareGPT’s or OpenAI’s rows, relative to the recipe.',
          ),
          rows: count.max(100_000).default(500).describe('Rows drawn from the file.'),
          embedder: z
            .string()
            .min(1)
            .describe(
              'One of `teachers` with `form: embedding`: its vectors say which names are near each other.',
            ),
          neighbours: z
            .number()
            .min(-1)
            .max(1)
            .default(0.6)
            .describe('Names with a higher cosine are put to the teacher as possible synonyms.'),
        })
        .describe('Named for rows of a dataset (the paper’s SDD); names that mean one skill are merged.'),
      z
        .strictObject({
          from: z.literal('file').describe('Where skills come from.'),
          file: file.describe(
            'What `seedmill skills --out` writes, plain text or the authors’ data, relative to the recipe.',
          ),
        })
        .describe('A list that is given.'),
      z
        .strictObject({ from: z.literal('none').describe('Where skills come from.') })
        .describe('The paper’s ablation: a query type alone.'),
    ],
    formsBy('prompting, dataset or file', 'none, or '),
  ),
);

const queryTypes = z.discriminatedUnion(
  'from',
  [
    z.strictObject({
      from: z.literal('prompting').describe('Where query types come from.'),
      count: count.max(100).default(20).describe('Query types asked for in one round of extraction.'),
    }),
    z.strictObject({
      from: z.literal('file').describe('Where query types come from.'),
      file: file.describe('What `seedmill skills --out` writes, or plain text, relative to the recipe.'),
    }),
  ],
  formsBy('prompting or file'),
);

const shirkers = z.strictObject({
  kind: z
    .enum(['brief', 'junk'])
    .describe('How the answers are made worse: a short paragraph, or long and of no help.'),
  share: share.default(0.2).describe('Share of each round’s examples, its first ones.'),
});

export const skillmix = z.strictObject({
  k: z.int().min(1).max(4).default(2).describe('Skills in one example.'),
  skills: skills
    .prefault({ from: 'prompting' })
    .meta({ description: 'Where skills come from; `none` is the ablation.', shorthand: { const: 'none' } }),
  queryTypes: queryTypes.prefault({ from: 'prompting' }).describe('Where query types come from.'),
  rewrites: z
    .enum(['when-cut-off', 'always'])
    .default('when-cut-off')
    .describe(
      '`always` sends both rewriting turns, as the authors’ GPT chain does; `when-cut-off` only after a cut-off answer (ours).',
    ),
  answers: z
    .enum(['marks', 'json'])
    .default('marks')
    .describe(
      'How pairs are given: between marks, as the authors’ are, or as JSON (ours), which small models hit better.',
    ),
  shirkers: shirkers
    .optional()
    .describe(
      'The ablation of low-quality answers: those of the first share of each round’s examples are made worse.',
    ),
  extractOnly: z.boolean().default(false).describe('Ends after the extraction; what `seedmill skills` sets.'),
});

export const gate = z.strictObject({
  threshold: z.number().min(1).max(6).default(4).describe('Lowest score of a judge, 1 to 6, that passes.'),
});

export const decontaminate = z
  .preprocess(
    (value) => (typeof value === 'string' ? { file: value } : value),
    z.strictObject({
      file: file.describe('Prompts of benchmarks, JSON Lines or a JSON array, relative to the recipe.'),
      field: z.string().min(1).optional().meta({
        description: 'Key of the prompt: a text, or a list of texts that begins with it.',
        byDefault: '`instruction`, `prompt`, `question`, `turns` or `problem`',
      }),
      ngram: count.max(100).default(NGRAM).describe('So many tokens in a row in common are a hit.'),
      threshold: share.default(ROUGE_L_THRESHOLD).describe('Highest ROUGE-L F to a prompt.'),
    }),
  )
  .meta({
    description:
      'Candidates that repeat a benchmark’s prompt are rejected as `contaminated`; any method that generates. A text is its `file`.',
    shorthand: { type: 'string', minLength: 1 },
  });

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
