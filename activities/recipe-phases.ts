/** Which kinds of call a recipe makes. */
import { needsVectors, type ScoreSettings, type SelectSettings } from './recipe-deita.js';
import type { SkillMixSettings } from './recipe-skillmix.js';
import type { CallPhase, ExtractionPhase, ScoringPhase, SelfInstructPhase, SkillMixPhase } from './types.js';

interface PromptKeys {
  prompts: 'staged' | 'one-call';
  answers: 'classify' | 'direct';
}

/** Calls of one round, phase after phase: what asks for something new, then what answers it. */
export function phasesOf({ prompts, answers }: PromptKeys): {
  ask: SelfInstructPhase;
  answer: SelfInstructPhase[];
} {
  if (prompts === 'one-call') return { ask: 'tasks', answer: [] };
  return { ask: 'instructions', answer: answers === 'direct' ? ['answers'] : ['classify', 'instances'] };
}

/** What decides which calls a run makes. */
interface WithPhases {
  method: 'self-instruct' | 'sedi' | 'skillmix' | 'deita' | 'evolve';
  generation: PromptKeys;
  skillmix?: SkillMixSettings | undefined;
  gate?: unknown;
  score?: ScoreSettings | undefined;
  select?: SelectSettings | undefined;
}

/** Every kind of call that a run makes, in the order of a round. */
export function callPhasesOf(recipe: WithPhases): CallPhase[] {
  return [...generationPhases(recipe), ...scoringPhasesOf(recipe)];
}

function generationPhases(recipe: WithPhases): CallPhase[] {
  switch (recipe.method) {
    case 'self-instruct':
    case 'sedi': {
      const { ask, answer } = phasesOf(recipe.generation);
      return [ask, ...answer];
    }
    case 'skillmix': {
      const { extraction, generation } = skillMixPhasesOf(recipe);
      return [...extraction, ...generation];
    }
    case 'deita':
      return [];
    case 'evolve':
      return ['evolve', 'gain', 'rank'];
  }
}

/** DEITA's calls about finished rows; what the student does needs none. */
export function scoringPhasesOf({ score, select }: Pick<WithPhases, 'score' | 'select'>): ScoringPhase[] {
  const isAsked = score !== undefined && score.scorer !== 'student';
  const hasVectors = select !== undefined && needsVectors(select.by) && select.embedder !== 'student';
  return [
    ...(isAsked ? (['complexity', 'quality'] as const) : []),
    ...(hasVectors ? (['vectors'] as const) : []),
  ];
}

/** Instruct-SkillMix: what finds skills and query types, then what writes an example. */
export function skillMixPhasesOf({ skillmix, gate }: Pick<WithPhases, 'skillmix' | 'gate'>): {
  extraction: ExtractionPhase[];
  generation: SkillMixPhase[];
} {
  if (!skillmix) throw new Error('a recipe of SkillMix without its keys');
  const { skills, queryTypes, shirkers, extractOnly } = skillmix;
  const ofSkills: Record<typeof skills.from, ExtractionPhase[]> = {
    prompting: ['topics', 'topic-skills'],
    dataset: ['row-skills', 'embeddings', 'synonyms'],
    file: [],
    none: [],
  };
  return {
    extraction: [
      ...ofSkills[skills.from],
      ...(queryTypes.from === 'prompting' ? ['query-types' as const] : []),
    ],
    generation: extractOnly
      ? []
      : [
          'draft',
          'draft-rewrite',
          'critique',
          'improve',
          'improve-rewrite',
          ...(shirkers ? ['shirk' as const] : []),
          ...(gate ? ['judge' as const] : []),
        ],
  };
}
