/** What people changed while the run lived. */
import type { ReportData } from '../report-data.js';
import { el, foreign, plainTable } from './dom.js';
import { when } from './format.js';
import { type Section, section } from './section.js';

export function changesSection({ changes }: ReportData): Section | null {
  if (changes.length === 0) return null;
  return section(
    { id: 'changes', label: 'Changes', title: 'Changes while it ran' },
    el('p', { class: 'says' }, 'Who changed what, oldest first, as the run recorded it.'),
    plainTable(
      ['when', 'who', 'what'],
      changes.map(({ at, by, what }) => [el('time', { datetime: at }, when(at)), foreign(by), foreign(what)]),
    ),
  );
}
