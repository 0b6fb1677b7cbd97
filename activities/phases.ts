import type {
  CallPhase,
  DeitaPhase,
  ExtractionPhase,
  ScoringPhase,
  SelfInstructPhase,
  SkillMixPhase,
} from './types.js';

const selfInstructPhases: readonly SelfInstructPhase[] = [
  'instructions',
  'tasks',
  'classify',
  'instances',
  'answers',
];
export const extractionPhases: readonly ExtractionPhase[] = [
  'topics',
  'topic-skills',
  'row-skills',
  'query-types',
  'embeddings',
  'synonyms',
];
const skillMixPhases: readonly SkillMixPhase[] = [
  'draft',
  'draft-rewrite',
  'critique',
  'improve',
  'improve-rewrite',
  'shirk',
  'judge',
];

const deitaPhases: readonly DeitaPhase[] = ['evolve', 'gain', 'rank', 'complexity', 'quality', 'vectors'];

/** Every kind of call, in the order in which a round makes them. */
export const callPhases: readonly CallPhase[] = [
  ...selfInstructPhases,
  ...extractionPhases,
  ...skillMixPhases,
  ...deitaPhases,
];

/** Whether a call is one of Self-Instruct's or SeDi-Instruct's, not of Instruct-SkillMix. */
export function isSelfInstruct(phase: CallPhase): phase is SelfInstructPhase {
  return (selfInstructPhases as readonly CallPhase[]).includes(phase);
}

/** Whether a call is one of DEITA's: its scoring, or its evolution. */
export function isDeita(phase: CallPhase): phase is DeitaPhase {
  return (deitaPhases as readonly CallPhase[]).includes(phase);
}

/** Whether a call is about a finished row. */
export function isScoring(phase: CallPhase): phase is ScoringPhase {
  return phase === 'complexity' || phase === 'quality' || phase === 'vectors';
}

export function isExtraction(phase: CallPhase): phase is ExtractionPhase {
  return (extractionPhases as readonly CallPhase[]).includes(phase);
}
