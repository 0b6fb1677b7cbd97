/**
 * Sampling of each call. The chain's figures are those of the authors' GPT engine (`engine.py`), which sends `max_tokens`
 * 4096 and no temperature, so that OpenAI's default of 1 holds (their Claude engine sends 0.7); the others are **ours**. A
 * recipe may override them.
 */
import type { Sampling } from '../../activities/types.js';

const plain = { topP: 1, presencePenalty: 0, frequencyPenalty: 0 } as const;

/** Every turn of an example's conversation. */
export const CHAIN_SAMPLING = { ...plain, temperature: 1, maxTokens: 4096 } as const satisfies Omit<
  Sampling,
  'stop'
>;

/** **Ours**: the authors send the chain's 4,096 tokens here too; an answer of one paragraph, or a bad one, needs fewer. */
export const SHIRK_SAMPLING = { ...CHAIN_SAMPLING, maxTokens: 2048 } as const;

/** **Ours**: greedy, so that an example has one score. */
export const JUDGE_SAMPLING = { ...plain, temperature: 0, maxTokens: 300 } as const;

/** **Ours**: topics, skills of a topic and query types; repeated calls shall bring new ones. */
export const EXTRACTION_SAMPLING = { ...plain, temperature: 1, maxTokens: 2048 } as const;

/** **Ours**: naming what is there, not inventing. */
export const ROW_SKILLS_SAMPLING = { ...plain, temperature: 0, maxTokens: 512 } as const;

/** **Ours**. */
export const SYNONYMS_SAMPLING = { ...plain, temperature: 0, maxTokens: 1024 } as const;
