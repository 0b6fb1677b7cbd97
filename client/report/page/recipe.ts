/** The settings that the run had. */
import type { ReportData } from '../report-data.js';
import { el } from './dom.js';
import { type Section, section } from './section.js';

export function recipeSection({ recipe }: ReportData): Section | null {
  if (recipe === '') return null;
  return section(
    { id: 'recipe', label: 'Recipe' },
    el('p', { class: 'says' }, 'The recipe with every default filled in, as the run stored it at its start.'),
    el(
      'details',
      { open: recipe.split('\n').length <= 30 },
      el('summary', null, 'Recipe as YAML'),
      el('pre', { class: 'code', tabindex: 0 }, recipe),
    ),
  );
}
