/** What a recipe may say about every prompt of a method, and the words that it becomes in them. */
import { languageName } from './language.js';
import { cleanText, oneLine } from './text.js';

export interface RecipeWords {
  /** What the tasks shall be about, for example `veterinary medicine`. */
  domain?: string | undefined;
  /** Name or code of the language the tasks shall be written in; English when absent. */
  language?: string | undefined;
  /** Put before everything else: in the chat's system message, or as the completion's first paragraph. */
  system?: string | undefined;
}

/** ` about veterinary medicine`, or nothing. */
export function about({ domain }: RecipeWords): string {
  return domain ? ` about ${oneLine(domain)}` : '';
}

/** `, in German`, or nothing. */
export function inLanguage({ language }: RecipeWords): string {
  return language ? `, in ${languageName(oneLine(language))}` : '';
}

/** The recipe's own system text and then the template's, a paragraph each; '' when there is neither. */
export function systemText({ system }: RecipeWords, ofTemplate: string | null): string {
  return [cleanText(system ?? '').trim(), ofTemplate ?? ''].filter((part) => part !== '').join('\n\n');
}
