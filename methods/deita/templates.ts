/** All templates of DEITA's calls, so that a run can store what it asked with. */
import type { Template } from '../prompt.js';
import { evolveTemplates, gainTemplates, rankTemplates } from './templates-evolve.js';
import { judgeInJson, scoreTemplates } from './templates-score.js';

export const templates: readonly Template[] = [
  ...Object.values(scoreTemplates).flatMap((aspects) => Object.values(aspects)),
  ...Object.values(evolveTemplates).flatMap((strategies) => Object.values(strategies)),
  ...Object.values(gainTemplates),
  ...Object.values(rankTemplates),
]
  .flatMap((forms) => Object.values(forms))
  .concat(Object.values(judgeInJson));
