/** Groups of recipe keys that most methods share. What a key means is said here, and nowhere else: see `recipe-schema.ts`. */
import { z } from 'zod';
import { teacherName } from './recipe-teacher.js';
import { studentSettings } from './student-messages.js';

const share = z.number().min(0).max(1);
const count = z.int().min(1);

/** What the calls of each phase do, as far as a recipe may name one. */
const phases = {
  instructions: 'sedi, self-instruct with `prompts: staged`: calls that ask for a list of new instructions.',
  classify:
    'sedi, self-instruct with `answers: classify`: calls that ask whether an instruction is a classification.',
  instances:
    'sedi, self-instruct with `answers: classify`: calls that write inputs and outputs for an instruction.',
  answers: 'sedi, self-instruct with `answers: direct`: calls that put the instruction alone to the teacher.',
  tasks: 'sedi, self-instruct with `prompts: one-call`: calls that ask for whole tasks.',
  topics: 'skillmix, extraction: calls that ask for topics.',
  'topic-skills': 'skillmix, extraction: calls that ask for the skills of a topic.',
  'query-types': 'skillmix, extraction: calls that ask for query types.',
  'row-skills': 'skillmix, extraction from a dataset: calls that name the skills of a row.',
  synonyms: 'skillmix, extraction from a dataset: calls that ask which names mean one skill.',
  draft: 'skillmix, first turn: calls that write an instruction and its answer.',
  'draft-rewrite': 'skillmix, second turn: calls that write a cut-off draft again.',
  critique: 'skillmix, third turn: calls that look for what is wrong with the draft.',
  improve: 'skillmix, fourth turn: calls that write the improved pair.',
  'improve-rewrite': 'skillmix, fifth turn: calls that write a cut-off improvement again.',
  shirk: 'skillmix with `shirkers`: calls that make an answer worse.',
  judge: 'skillmix with `gate`: calls that score an example.',
  complexity: 'With `score`: calls that say how complex a turn’s instruction is.',
  quality: 'With `score`: calls that say how good a turn’s response is.',
  evolve: 'evolve: calls that write a variant.',
  gain: 'evolve: calls that ask whether a variant says anything new.',
  rank: 'evolve: calls that score all variants of a row together.',
};

/** One value for each kind of call that a recipe may want to name. */
function ofPhases<Value extends z.ZodType>(value: Value) {
  const shape = Object.entries(phases).map(([phase, what]) => [phase, value.optional().describe(what)]);
  return z.strictObject(Object.fromEntries(shape) as Record<keyof typeof phases, z.ZodOptional<Value>>);
}

const sampling = z.strictObject({
  temperature: z
    .number()
    .min(0)
    .max(2)
    .optional()
    .meta({ description: 'Temperature of those calls.', byDefault: 'the method’s' }),
  topP: z.number().positive().max(1).optional().meta({
    description: 'Nucleus sampling: this share of the probability is drawn from.',
    byDefault: 'the method’s',
  }),
  presencePenalty: z
    .number()
    .min(-2)
    .max(2)
    .optional()
    .meta({ description: 'Makes tokens that have occurred less likely.', byDefault: 'the method’s' }),
  frequencyPenalty: z.number().min(-2).max(2).optional().meta({
    description: 'Makes tokens less likely the more often they have occurred.',
    byDefault: 'the method’s',
  }),
});

export const generation = z.strictObject({
  prompts: z.enum(['staged', 'one-call']).optional().meta({
    description:
      'A list of instructions first, then answers (`staged`), or whole tasks in one call (`one-call`, Alpaca’s form); sedi and self-instruct.',
    byDefault: '`staged` (completion), `one-call` (chat)',
  }),
  answers: z.enum(['classify', 'direct']).optional().meta({
    description:
      'With `staged`: Self-Instruct’s classification and instances, or `direct`: the instruction alone is put to the teacher (ours); sedi and self-instruct.',
    byDefault: '`classify`',
  }),
  callsPerRound: count
    .max(100_000)
    .default(100)
    .describe(
      'Calls in a round that ask for something new, with skillmix examples that are begun (10,000 at most); fewer in the last round when fewer will do.',
    ),
  sampling: sampling
    .default({})
    .describe('Sampling of the calls that ask for something new, with skillmix of every turn.'),
  maxTokens: ofPhases(count).default({}).meta({
    description:
      'Longest answer in tokens, by kind of call; a kind that the recipe does not make is refused.',
    byDefault: 'the method’s',
  }),
  teachers: ofPhases(teacherName).default({}).meta({
    description:
      'Which of `teachers` makes the calls of a kind; a kind that the recipe does not make is refused.',
    byDefault: '`teacher` makes all of them',
  }),
  domain: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('What the examples are about, in words that go into the prompts.'),
  language: z
    .string()
    .min(2)
    .max(50)
    .default('English')
    .describe(
      'Language of the examples; another one than English switches the ASCII reject off and Unicode words on.',
    ),
  system: z
    .string()
    .min(1)
    .max(4000)
    .optional()
    .describe('Text that begins every prompt; of a chat it is, or begins, the system message.'),
});

const noLimit = 'a budget must be more than 0; leave the key out for no limit';
export const budget = z.strictObject({
  usd: z
    .number()
    .positive(noLimit)
    .optional()
    .describe('Dollars, unknown bills counted at their highest; needs a price for every teacher.'),
  calls: z
    .int()
    .min(1, noLimit)
    .optional()
    .describe('Requests that are billed or may be: not those that the endpoint turned away.'),
  tokens: z.int().min(1, noLimit).optional().describe('Prompt and completion tokens together.'),
});

export const filter = z.strictObject({
  poolThreshold: share.optional().meta({
    description: 'Highest ROUGE-L F to anything in the pool.',
    byDefault: '0.7 (self-instruct), 0.85 (sedi), 1 (the others: all pass)',
  }),
  batchThreshold: share.default(0.7).describe('Highest ROUGE-L F to another example of the batch; sedi.'),
  tokens: z.enum(['rouge', 'unicode']).optional().meta({
    description: 'How texts are split into words: as Google’s rouge_score does, or words of any script.',
    byDefault: '`rouge` (English), `unicode` (other languages)',
  }),
});

export const refine = z.strictObject({
  attractiveShare: share.default(0.3).describe('Share of a round’s batches that can count as attractive.'),
  addPerRound: count.default(8).describe('Most instructions that join the seeds after one round.'),
  poolSize: count.default(200).describe('Most machine-made seeds at any time; the lowest leave.'),
});

export const stop = z.strictObject({
  maxRounds: count.default(1000).describe('Rounds after which the run ends, with what it has.'),
  maxCallsPerAccepted: z
    .number()
    .positive()
    .default(50)
    .describe('The run ends when it has needed more calls than this for each accepted example.'),
  stallRounds: count
    .default(3)
    .describe(
      'So many rounds in a row under `stallYield` pause the run; rounds that extract skills count for none.',
    ),
  stallYield: share.default(0.01).describe('Accepted per candidate; less than this in a round is a stall.'),
});

export const heldout = z.union([
  z.strictObject({
    file: z.string().min(1).describe('Held-out tasks, in the format of seed tasks, relative to the recipe.'),
  }),
  z.strictObject({
    share: z
      .number()
      .min(0.01)
      .max(0.9)
      .describe('Share of the human seeds, at least 32 tasks where there are enough.'),
  }),
]);

export const provenance = z.strictObject({
  source: z.string().min(1).max(500).optional().describe('Where the file is from: a name or an address.'),
  licence: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Licence of the file, as its owner states it, for example `cc-by-4.0`.'),
});

export const student = z.strictObject({
  model: studentSettings.shape.model
    .default('smollm2-135m')
    .describe(
      '`smollm2-135m` (the bundled model), a GGUF relative to the recipe, or a Hugging Face id or folder.',
    ),
  device: studentSettings.shape.device.default('auto').describe('What it runs on.'),
  loraRank: studentSettings.shape.loraRank.default(16).describe('Rank of the LoRA adapter that is trained.'),
  loraAlpha: studentSettings.shape.loraAlpha.default(32).describe('Scale of the LoRA adapter.'),
  learningRate: studentSettings.shape.learningRate.default(2e-4).describe('Learning rate.'),
  warmupSteps: studentSettings.shape.warmupSteps
    .default(0)
    .describe('Steps over which the learning rate rises to its value; constant afterwards.'),
  maxTokens: studentSettings.shape.maxTokens.default(512).describe('Longest example, in tokens.'),
});
