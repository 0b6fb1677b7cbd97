/** Name of the run, how it stands, and the way to each section. */
import type { ReportData } from '../report-data.js';
import { button, el, foreign } from './dom.js';
import { when } from './format.js';
import type { Section } from './section.js';

export function pageHeader({ run }: ReportData, sections: readonly Section[]): HTMLElement {
  return el(
    'header',
    { class: 'page-header' },
    el('div', { class: 'bar' }, el('p', { class: 'brand' }, 'seedmill report'), themeButton()),
    el('h1', null, foreign(run.runId)),
    el(
      'p',
      { class: 'about' },
      'Recipe ',
      foreign(run.recipe),
      `, method ${run.method}, started ${when(run.startedAt)}`,
      run.forkedFrom && ', forked from ',
      run.forkedFrom && foreign(run.forkedFrom.runId),
      run.forkedFrom && ` after round ${run.forkedFrom.round}`,
      '.',
    ),
    el(
      'nav',
      { 'aria-label': 'Sections' },
      el('ul', null, ...sections.map(({ id, label }) => el('li', null, el('a', { href: `#${id}` }, label)))),
    ),
  );
}

/** Light or dark; until it is pressed, as the system has it. */
function themeButton(): HTMLButtonElement {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const name = () => {
    toggle.textContent = isDark() ? 'Light' : 'Dark';
    toggle.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`);
  };
  const toggle = button(
    '',
    () => {
      root.dataset.theme = isDark() ? 'light' : 'dark';
      name();
    },
    { class: 'theme' },
  );
  system.addEventListener('change', name);
  name();
  return toggle;
}
