/** Ways in which a text is evolved: the paper's (DEITA, section 3), of which complexity's come from WizardLM. */

/** An instruction becomes more complex. `complicate-input` is WizardLM's fifth, an option here. */
export const complexityStrategies = [
  'add-constraints',
  'deepen',
  'concretise',
  'reasoning-steps',
  'complicate-input',
] as const;

/** A response becomes better. */
export const qualityStrategies = ['helpfulness', 'relevance', 'depth', 'creativity', 'detail'] as const;

export type ComplexityStrategy = (typeof complexityStrategies)[number];
export type QualityStrategy = (typeof qualityStrategies)[number];
export type EvolutionStrategy = ComplexityStrategy | QualityStrategy;

/** What the paper draws from. */
export const usualStrategies = {
  complexity: complexityStrategies.filter((one) => one !== 'complicate-input'),
  quality: qualityStrategies,
} as const;
