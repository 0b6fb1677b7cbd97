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

export type StudentSettings = z.infer<typeof studentSettings>;
export type TrainRoundInput = z.infer<typeof trainRoundInput>;
export type TrainRoundResult = z.infer<typeof trainRoundResult>;
export type TrainingBatch = z.infer<typeof trainingBatch>;
export type BatchSignal = z.infer<typeof batchSignal>;

/** `type` of the student's application failures. Only `WrongStore` is retried. */
export type StudentFailure =
  /** The input does not have this file's shape, or there is too little held-out data. */
  | 'InvalidInput'
  /** The worker sees another store than the run's; the message names both. */
  | 'WrongStore'
  | 'MissingData'
  | 'CorruptData'
  /** The round was begun with other batches, settings or seed. */
  | 'InputChanged'
  | 'ModelNotFound'
  /** Details: `{round, batch, learningRate}`. */
  | 'NonFiniteLoss';

/** Details of the student's heartbeats. */
export interface StudentProgress {
  /** `starting`, `loading the model`, `heldout-before steering`, `signal`, `gain of batch 1 of 3`, `train`, … */
  phase: string;
  /** Batch, or row, that the phase has come to. */
  batch: number;
  of: number;
  /** The latest loss measured in this phase; null before there is any. */
  loss: number | null;
}
