/** Provisional signatures; the prompts themselves follow. */
import type { RecipeWords } from '../prompt-options.js';
import type { Prompt, PromptForm, TokenLogprob } from '../prompt.js';

export type Scorer = 'logits' | 'judge';

interface Asked {
  instruction: string;
  scorer: Scorer;
  form: PromptForm;
  options: RecipeWords;
}

export function complexityPrompt(_asked: Asked): Prompt {
  throw new Error('not written yet');
}

export function qualityPrompt(_asked: Asked & { response: string }): Prompt {
  throw new Error('not written yet');
}

export function readScore(_answer: {
  text: string;
  firstToken?: readonly TokenLogprob[];
  scorer: Scorer;
}):
  | { score: number; from: 'logprobs' | 'text' }
  | { score: null; reason: 'no-logprobs' | 'too-little-mass' | 'no-score' } {
  throw new Error('not written yet');
}

export function isUsableScore(_answer: { text: string; firstToken?: readonly TokenLogprob[] }): boolean {
  throw new Error('not written yet');
}
