/** Sampling of DEITA's calls. A recipe may override all but that of the scorers. */
import type { Sampling } from '../../activities/types.js';

const plain = { topP: 1, presencePenalty: 0, frequencyPenalty: 0, stop: [] } as const;

/** How many tokens a score call wants the probabilities of: as many as the usual endpoints give at most. */
export const SCORE_TOP_LOGPROBS = 20;

type Fixed = Omit<Sampling, 'stop'> & { stop: readonly string[] };

/** One token is all that counts (the authors make two and look at the first). */
export const LOGITS_SAMPLING = { ...plain, temperature: 0, maxTokens: 1 } as const satisfies Fixed;

/** **Ours**: a digit, and a few tokens for models that set it in bold or in JSON. */
export const JUDGE_SAMPLING = { ...plain, temperature: 0, maxTokens: 8 } as const satisfies Fixed;

/** **Ours**: a digit in JSON, with room for blanks. */
export const JSON_JUDGE_SAMPLING = { ...plain, temperature: 0, maxTokens: 32 } as const satisfies Fixed;

/** WizardLM's `openai_access.py`. */
export const EVOLVE_SAMPLING = {
  ...plain,
  temperature: 1,
  topP: 0.95,
  maxTokens: 2048,
} as const satisfies Fixed;

/** **Ours**: greedy, so that two texts have one answer. */
export const GAIN_SAMPLING = { ...plain, temperature: 0, maxTokens: 32 } as const satisfies Fixed;

/** **Ours**: greedy; six entries of JSON take about 80 tokens. */
export const RANK_SAMPLING = { ...plain, temperature: 0, maxTokens: 512 } as const satisfies Fixed;
