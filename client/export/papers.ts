/** The papers that the methods come from. Nothing but data, so that the report's page can have it too. */

export interface Citation {
  /** Of the method, as the card's tags have it. */
  tag: string;
  title: string;
  arxiv: string;
}

export const papers = {
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

/** By the recipe's `method`. */
export const papersOfMethod = {
  'self-instruct': [papers.selfInstruct],
  sedi: [papers.sedi, papers.selfInstruct],
  skillmix: [papers.skillMix],
  deita: [papers.deita],
  evolve: [papers.deita],
} satisfies Record<string, Citation[]>;

/** Of a method, and of DEITA's where rows were scored or selected. A method without a paper has none. */
export function papersOf({ method, isScored }: { method: string; isScored: boolean }): Citation[] {
  const own: Partial<Record<string, Citation[]>> = papersOfMethod;
  return [...new Set([...(own[method] ?? []), ...(isScored ? [papers.deita] : [])])];
}
