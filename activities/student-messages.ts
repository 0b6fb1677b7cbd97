/**
 * Messages between the loop and the Python student worker. This file is the one source of their shape:
 * `models/student/messages.schema.json` is generated from it, and the Python side checks against that.
 * NaN and Infinity never cross the wire: zod's `number()` refuses both.
 */
import { z } from 'zod';

const ref = z.strictObject({ uri: z.string(), sha256: z.string(), count: z.int() });

const runContext = z.strictObject({ runId: z.string(), storeUrl: z.string(), storeId: z.string() });

/** How the student is built and trained. */
export const studentSettings = z.strictObject({
  /** `smollm2-135m` (the bundled GGUF), a path to a GGUF, or a Hugging Face id or folder. */
  model: z.string(),
  device: z.enum(['auto', 'cpu', 'cuda', 'mps']),
  loraRank: z.int().min(1),
  loraAlpha: z.number().positive(),
  learningRate: z.number().positive(),
  /** Optimizer steps over which the learning rate rises linearly to its value; constant afterwards. */
  warmupSteps: z.int().min(0),
  /**
   * Longest templated example in tokens. A prompt that leaves the answer less than half of it loses its
   * beginning; then the answer loses its end.
   */
  maxTokens: z.int().min(16),
});

export const trainRoundInput = z.strictObject({
  run: runContext,
  round: z.int().min(1),
  /** JSONL of `TrainingBatch`, in training order. */
  batches: ref,
  /** JSONL of `HeldOutRow`. */
  heldOut: ref,
  /** The checkpoint that the previous round ended with; null for the first round. */
  previous: ref.nullable(),
  student: studentSettings,
  signal: z.enum(['train', 'evaluate']),
  instructionSignal: z.enum(['alignment', 'learnability', 'random']),
  /** Seed of every random choice of this run's student: the LoRA initialisation and the `random` signal. */
  seed: z.int(),
});

/** Mean answer-token loss over a half of the held-out set, in nats per token. */
const lossChange = z.strictObject({ before: z.number(), after: z.number(), rows: z.int() });

export const trainRoundResult = z.strictObject({
  /** JSONL of `BatchSignal`, in batch order. */
  signal: ref,
  /** Adapter, optimizer, schedule and RNG state after the round (`count` 1); null with `evaluate`, which trains nothing. */
  checkpoint: ref.nullable(),
  /** `adapter_model.safetensors` as peft writes it (`count` 1), `adapter_config.json` beside it; null with `evaluate`. */
  adapter: ref.nullable(),
  steering: lossChange,
  reporting: lossChange,
  /** What it ran on: `cpu`, `cuda` or `mps`. */
  device: z.string(),
  /** Spent by the attempt that finished the round. */
  seconds: z.number(),
});

/** One row of `batches.jsonl`. `batch` is part of a name in the store: letters, digits and `_=-.`. */
export const trainingBatch = z.strictObject({
  batch: z.string(),
  examples: z
    .array(z.strictObject({ id: z.string(), instruction: z.string(), input: z.string(), output: z.string() }))
    .min(1),
});

/** One row of the held-out set. At least two `steering` rows and one `reporting` row are needed. */
export const heldOutRow = z.strictObject({
  id: z.string(),
  half: z.enum(['steering', 'reporting']),
  instruction: z.string(),
  input: z.string(),
  output: z.string(),
});

/** One row of `signal.jsonl`: what training on, or evaluating, one batch told. */
export const batchSignal = z.strictObject({
  batch: z.string(),
  /** Mean paired drop of steering loss after one step on this batch, nats per token; null with `evaluate`. */
  gain: z.number().nullable(),
  /** Standard error of `gain` over the steering rows; null with `evaluate`. */
  standardError: z.number().nullable(),
  examples: z.array(
    z.strictObject({
      id: z.string(),
      /** Mean loss of the answer tokens at the round's snapshot, nats per token. */
      answerLoss: z.number(),
      /** `alignment`, `learnability` or `random`, as asked for; with `evaluate` the instruction-following difficulty. */
      score: z.number(),
    }),
  ),
});

/** Which model, and where it runs; nothing is trained. */
const studentModel = studentSettings.pick({ model: true, device: true });

/** Longest text that is read, in tokens. */
const maxTokens = z.int().min(16);

/** One row to be embedded: what was said, in order. */
export const conversationRow = z.strictObject({
  id: z.string(),
  turns: z.array(z.strictObject({ instruction: z.string().min(1), response: z.string().min(1) })).min(1),
});

export const embedRowsInput = z.strictObject({
  run: runContext,
  /** JSONL of `ConversationRow`. */
  rows: ref,
  /** Name in the store of the `.npy` file to be written. */
  out: z.string(),
  student: studentModel,
  /** Of the final layer: the last token's state, or the mean of all tokens'. */
  pooling: z.enum(['last', 'mean']),
  /** A longer conversation loses its end. */
  maxTokens,
});

export const embedRowsResult = z.strictObject({
  /** `.npy` 1.0, float32, C order, one row per row of the input, `dims` columns; `count` rows. */
  vectors: ref,
  dims: z.int(),
  /** How many conversations were longer than `maxTokens`. */
  truncated: z.int(),
  device: z.string(),
  seconds: z.number(),
});

/** One row to be scored: for each of its turns the scorer's whole prompt, as `methods/deita` makes it. */
export const promptRow = z.strictObject({ id: z.string(), prompts: z.array(z.string().min(1)).min(1) });

export const scoreRowsInput = z.strictObject({
  run: runContext,
  /** JSONL of `PromptRow`. */
  rows: ref,
  /** Name in the store of the JSONL of `PromptScores` to be written. */
  out: z.string(),
  student: studentModel,
  /** `adapter_model.safetensors` in the store, `adapter_config.json` beside it; null for the model as it is. */
  adapter: ref.nullable(),
  /** A longer prompt is not scored: its score is null and its mass 0. */
  maxTokens,
});

/** One row of `scores`, in the order of the input; one entry per prompt. */
export const promptScores = z.strictObject({
  id: z.string(),
  /** Σ s · p(s), 1 to 6, over the six score tokens renormalised; null where their mass is below 0.95. */
  scores: z.array(z.number().min(1).max(6).nullable()),
  /** What the six score tokens hold of the next token's probability. */
  masses: z.array(z.number()),
});

export const scoreRowsResult = z.strictObject({
  scores: ref,
  /** Prompts without a score, those that are too long among them. */
  missing: z.int(),
  /** Prompts longer than `maxTokens`. */
  tooLong: z.int(),
  device: z.string(),
  seconds: z.number(),
});

/** One row of a scorer's training data. */
export const scorerPair = z.strictObject({
  id: z.string(),
  /** Variants of one origin are all trained on, or all held out. */
  origin: z.string(),
  /** The scorer's whole prompt. */
  prompt: z.string().min(1),
  /** Trained on is the nearest whole score, halves upward. */
  score: z.number().min(1).max(6),
});

export const trainScorerInput = z.strictObject({
  run: runContext,
  /** JSONL of `ScorerPair`. */
  pairs: ref,
  /** Folder in the store in which the adapter is to lie. */
  out: z.string(),
  /** A prompt longer than its `maxTokens` is left out. */
  student: studentSettings,
  epochs: z.int().min(1),
  batchSize: z.int().min(1),
  /** Share of the origins that are held out, at least one of them. */
  heldOutShare: z.number().gt(0).lt(1),
  /** Of the split, the order and the LoRA initialisation. */
  seed: z.int(),
});

/** What a scorer says about held-out pairs. */
const scorerQuality = z.strictObject({
  /** Mean cross entropy of the true score's token, nats. */
  loss: z.number(),
  /** Of the expected score, renormalised whatever its mass, against the pair's score as given. */
  meanAbsoluteError: z.number(),
  /** Share of pairs of one origin with different scores whose expected scores are in the same order; null without such. */
  ordered: z.number().nullable(),
});

export const trainScorerResult = z.strictObject({
  /** `adapter_model.safetensors` as peft writes it (`count` 1), `adapter_config.json` beside it. */
  adapter: ref,
  before: scorerQuality,
  after: scorerQuality,
  pairs: z.strictObject({ trained: z.int(), heldOut: z.int(), tooLong: z.int() }),
  device: z.string(),
  seconds: z.number(),
});

export const trainRowsInput = z.strictObject({
  run: runContext,
  /** JSONL of examples: `id`, `instruction`, `input`, `output`; none: the student is measured as it was published. */
  rows: ref,
  /** JSONL of `HeldOutRow`. */
  heldOut: ref,
  /** JSONL of `TaskPrompt` that the trained student answers; null: it is asked nothing. */
  prompts: ref.nullable(),
  /** Of each answer. */
  maxNewTokens: z.int().min(1),
  /** Folder in the store in which the results are to lie. */
  out: z.string(),
  student: studentSettings,
  epochs: z.int().min(1),
  batchSize: z.int().min(1),
  /** `given`: as the rows lie, which is what SeDi's batches need. `drawn`: anew by the seed for each epoch. */
  order: z.enum(['given', 'drawn']),
  /** Of the LoRA initialisation and the order. */
  seed: z.int(),
});

/** Loss of one held-out row, nats per answer token. */
export const heldOutLoss = z.strictObject({
  id: z.string(),
  half: z.enum(['steering', 'reporting']),
  loss: z.number(),
});

/** What the trained student is asked. */
export const taskPrompt = z.strictObject({
  id: z.string(),
  instruction: z.string().min(1),
  input: z.string(),
});

/** What it answers. */
export const promptAnswer = z.strictObject({
  id: z.string(),
  text: z.string(),
  /** It went on to `maxNewTokens`. */
  isCut: z.boolean(),
});

export const trainRowsResult = z.strictObject({
  /** JSONL of `HeldOutLoss`, in the order of the held-out rows. */
  heldOut: ref,
  /** JSONL of `PromptAnswer`, in the order of the prompts; null where none were given. */
  answers: ref.nullable(),
  /** Mean losses; null where the half has no rows. */
  steering: z.number().nullable(),
  reporting: z.number().nullable(),
  /** Trained on, prompts and all epochs included. */
  tokens: z.int(),
  /** Of the attempt that finished: the steps alone, and all of it. */
  trainingSeconds: z.number(),
  seconds: z.number(),
  device: z.string(),
});

export type StudentSettings = z.infer<typeof studentSettings>;
export type TrainRoundInput = z.infer<typeof trainRoundInput>;
export type TrainRoundResult = z.infer<typeof trainRoundResult>;
export type TrainingBatch = z.infer<typeof trainingBatch>;
export type BatchSignal = z.infer<typeof batchSignal>;
export type ConversationRow = z.infer<typeof conversationRow>;
export type EmbedRowsInput = z.infer<typeof embedRowsInput>;
export type EmbedRowsResult = z.infer<typeof embedRowsResult>;
export type PromptRow = z.infer<typeof promptRow>;
export type PromptScores = z.infer<typeof promptScores>;
export type ScoreRowsInput = z.infer<typeof scoreRowsInput>;
export type ScoreRowsResult = z.infer<typeof scoreRowsResult>;
export type ScorerPair = z.infer<typeof scorerPair>;
export type TrainScorerInput = z.infer<typeof trainScorerInput>;
export type TrainScorerResult = z.infer<typeof trainScorerResult>;
export type TrainRowsInput = z.infer<typeof trainRowsInput>;
export type TrainRowsResult = z.infer<typeof trainRowsResult>;
export type HeldOutLoss = z.infer<typeof heldOutLoss>;
export type TaskPrompt = z.infer<typeof taskPrompt>;
export type PromptAnswer = z.infer<typeof promptAnswer>;

/** `type` of the student's application failures. Only `WrongStore` is retried. */
export type StudentFailure =
  /** The input does not have this file's shape, or there is too little held-out data. */
  | 'InvalidInput'
  /** The worker sees another store than the run's; the message names both. */
  | 'WrongStore'
  | 'MissingData'
  | 'CorruptData'
  /** The round, or what lies at `out`, was begun with other data, settings or seed. */
  | 'InputChanged'
  | 'ModelNotFound'
  /** Details: `{round, batch, learningRate}`; of a scorer `{epoch, batch, learningRate}`; nothing trained, none. */
  | 'NonFiniteLoss';

/** Details of the student's heartbeats. */
export interface StudentProgress {
  /** `starting`, `loading the model`, `heldout-before steering`, `signal`, `gain of batch 1 of 3`, `train`, … */
  phase: string;
  /** Batch, row or prompt that the phase has come to. */
  batch: number;
  of: number;
  /** The latest loss measured in this phase; null before there is any. */
  loss: number | null;
}
