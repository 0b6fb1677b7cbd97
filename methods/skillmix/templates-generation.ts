/** Templates of the calls that make examples, and of those about their quality. */
import { qualityTemplates } from './templates-quality.js';
import { critiqueTemplate, turnTemplates } from './templates-turns.js';

/** With the turns as the authors have them; `turnTemplates.json` has their other form. */
export const generationTemplates = {
  ...turnTemplates.marks,
  critique: critiqueTemplate,
  ...qualityTemplates,
} as const;
