/** Which calls DEITA's evolution makes, and their prompts. */
import type { Prompt } from '../../methods/prompt.js';
import type { PromptChoice } from '../round-prompts.js';
import type { DeitaChoice } from '../rows.js';
import type { Runs, StoredRecipe } from '../run-data.js';
import type { EvolutionPhase, RoundInput } from '../types.js';

/** What the prompts of one phase are made of besides the plan's rows. */
export interface EvolutionSources {
  origins: string[];
}

/** In call order; the same for every attempt. */
export async function chooseEvolutionCalls(
  _runs: Runs,
  _at: RoundInput,
  phase: EvolutionPhase,
): Promise<PromptChoice[]> {
  throw new Error(`${phase} is not written yet`);
}

export async function evolutionSources(
  _runs: Runs,
  _at: RoundInput,
  phase: EvolutionPhase,
): Promise<EvolutionSources> {
  throw new Error(`${phase} is not written yet`);
}

/** The prompt of one call. */
export function evolutionPrompt(
  { phase }: { recipe: StoredRecipe; phase: EvolutionPhase; sources: EvolutionSources },
  _choice: DeitaChoice,
): Prompt {
  throw new Error(`${phase} is not written yet`);
}
