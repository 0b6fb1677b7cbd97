/** Papers of the methods that a run used. */
import type { StoredRecipe } from '../../activities/run-data.js';

export interface Citation {
  /** Of the method, as the card's tags have it. */
  tag: string;
  title: string;
  arxiv: string;
}

const papers = {
  selfInstruct: {
    tag: 'self-instruct',
    title: 'Self-Instruct: Aligning Language Models with Self-Generated Instructions',
    arxiv: '2212.10560',
  },
  sedi: {
    tag: 'sedi-instruct',
    title:
      'SeDi-Instruct: Enhancing Alignment of Language Models through Self-Directed Instruction Generation',
    arxiv: '2502.04774',
  },
  less: {
    tag: 'less',
    title: 'LESS: Selecting Influential Data for Targeted Instruction Tuning',
    arxiv: '2402.04333',
  },
  skillMix: {
    tag: 'instruct-skillmix',
    title: 'Instruct-SkillMix: A Powerful Pipeline for LLM Instruction Tuning',
    arxiv: '2408.14774',
  },
  deita: {
    tag: 'deita',
    title:
      'What Makes Good Data for Alignment? A Comprehensive Study of Automatic Data Selection in Instruction Tuning',
    arxiv: '2312.15685',
  },
} as const satisfies Record<string, Citation>;

const ofMethod: Record<StoredRecipe['method'], Citation[]> = {
  'self-instruct': [papers.selfInstruct],
  sedi: [papers.sedi, papers.selfInstruct],
  skillmix: [papers.skillMix],
  deita: [papers.deita],
  evolve: [papers.deita],
};

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
