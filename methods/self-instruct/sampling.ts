/**
 * Sampling of each call. The figures are Self-Instruct's (its appendix A.1 and code) and Alpaca's; a recipe may
 * override them. A `top_p` of 0 beside temperature 0 is written as 1: greedy either way, and some endpoints refuse 0.
 */
import type { Sampling } from '../../activities/types.js';

/** Self-Instruct `bootstrap_instructions.py`: temperature 0.7, top_p 0.5, presence penalty 2. */
export const INSTRUCTIONS_SAMPLING = {
  temperature: 0.7,
  topP: 0.5,
  presencePenalty: 2,
  frequencyPenalty: 0,
  maxTokens: 1024,
} as const satisfies Omit<Sampling, 'stop'>;

/** Self-Instruct `identify_clf_or_not.py`: greedy, at most 3 tokens. */
export const CLASSIFY_SAMPLING = {
  temperature: 0,
  topP: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  maxTokens: 3,
} as const satisfies Omit<Sampling, 'stop'>;

/** Self-Instruct `generate_instances.py`: greedy; 300 tokens output-first (its examples are longer), 350 input-first. */
export const INSTANCES_SAMPLING = {
  temperature: 0,
  topP: 1,
  presencePenalty: 1.5,
  frequencyPenalty: 0,
  maxTokens: { outputFirst: 300, inputFirst: 350 },
} as const;

/** **Ours**: the paper has no call that only answers. */
export const ANSWERS_SAMPLING = {
  temperature: 0.7,
  topP: 0.9,
  presencePenalty: 0,
  frequencyPenalty: 0,
  maxTokens: 256,
} as const satisfies Omit<Sampling, 'stop'>;

/** Alpaca `generate_instruction.py`: temperature 1, 3,072 tokens. */
export const TASKS_SAMPLING = {
  temperature: 1,
  topP: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  maxTokens: 3072,
} as const satisfies Omit<Sampling, 'stop'>;
