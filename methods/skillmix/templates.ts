/** All templates of Instruct-SkillMix's calls, so that a run can store what it asked with. */
import type { Template } from '../prompt.js';
import { extractionTemplates } from './templates-extraction.js';
import { generationTemplates } from './templates-generation.js';
import { turnTemplates } from './templates-turns.js';

export const templates: readonly Template[] = [
  ...Object.values(extractionTemplates),
  ...Object.values(generationTemplates),
  ...Object.values(turnTemplates.json),
];
