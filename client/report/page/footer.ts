import type { ReportData } from '../report-data.js';
import { el } from './dom.js';
import { when } from './format.js';

export function pageFooter({ madeAt, seedmill }: ReportData): HTMLElement {
  return el(
    'footer',
    null,
    el(
      'p',
      null,
      `Made by seedmill ${seedmill} on ${when(madeAt)}. This file holds all that it shows and loads nothing.`,
    ),
    el(
      'p',
      { class: 'keys' },
      el('kbd', null, '/'),
      ' search, ',
      el('kbd', null, 'Up'),
      el('kbd', null, 'Down'),
      ' rows, ',
      el('kbd', null, 'Enter'),
      ' open, ',
      el('kbd', null, 'Left'),
      el('kbd', null, 'Right'),
      ' other examples, ',
      el('kbd', null, 'Esc'),
      ' close',
    ),
  );
}
