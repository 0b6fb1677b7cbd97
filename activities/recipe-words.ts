import { isEnglish } from '../methods/language.js';
import type { RecipeWords } from '../methods/prompt-options.js';
import type { Recipe } from './recipe.js';

/** What a recipe says about every prompt, of whatever method. */
export function wordsOf({ generation }: Pick<Recipe, 'generation'>): RecipeWords {
  const { domain, language, system } = generation;
  return {
    // The prompts were written for English; naming it would only make them longer.
    ...(!isEnglish(language) && { language }),
    ...(domain !== undefined && { domain }),
    ...(system !== undefined && { system }),
  };
}
