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
      el('kbd', null, '↑'),
      el('kbd', null, '↓'),
      ' rows, ',
      el('kbd', null, 'Enter'),
      ' open, ',
      el('kbd', null, '←'),
      el('kbd', null, '→'),
      ' other examples, ',
      el('kbd', null, 'Esc'),
      ' close',
    ),
  );
}
