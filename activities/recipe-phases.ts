/** Which kinds of call a recipe makes. */
import type { SkillMixSettings } from './recipe-skillmix.js';
import type { CallPhase, ExtractionPhase, SelfInstructPhase, SkillMixPhase } from './types.js';

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
  method: 'self-instruct' | 'sedi' | 'skillmix';
  generation: PromptKeys;
  skillmix?: SkillMixSettings | undefined;
  gate?: unknown;
}

/** Every kind of call that a run makes, in the order of a round. */
export function callPhasesOf(recipe: WithPhases): CallPhase[] {
  if (recipe.method !== 'skillmix') {
    const { ask, answer } = phasesOf(recipe.generation);
    return [ask, ...answer];
  }
  const { extraction, generation } = skillMixPhasesOf(recipe);
  return [...extraction, ...generation];
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
