/** Papers of the methods that a run used. */
import type { StoredRecipe } from '../../activities/run-data.js';
import { type Citation, papers, papersOfMethod } from './papers.js';

const ofMethod: Record<StoredRecipe['method'], Citation[]> = papersOfMethod;

/** Of the method, of DEITA's stages behind it, and of SeDi's signal where it is LESS's. */
export function citationsOf(recipe: StoredRecipe): Citation[] {
  const { method, score, select, signal, instructionSignal } = recipe;
  const usesLess = method === 'sedi' && signal === 'train' && instructionSignal === 'alignment';
  const all: Citation[] = [
    ...ofMethod[method],
    ...(usesLess ? [papers.less] : []),
    ...(score || select ? [papers.deita] : []),
  ];
  return [...new Set(all)];
}
