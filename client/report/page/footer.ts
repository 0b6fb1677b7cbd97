import type { ReportData } from '../report-data.js';
import { papersOf } from '../../export/papers.js';
import { el } from './dom.js';
import { when } from './format.js';

export function pageFooter({ madeAt, seedmill, run, scores }: ReportData): HTMLElement {
  const papers = papersOf({ method: run.method, isScored: scores !== null });
  return el(
    'footer',
    null,
    papers.length > 0 &&
      el(
        'p',
        null,
        'Methods: ',
        ...papers.map(({ title, arxiv }) =>
          el(
            'cite',
            null,
            `${title} (`,
            el('a', { href: `https://arxiv.org/abs/${arxiv}` }, `arXiv ${arxiv}`),
            ')',
          ),
        ),
      ),
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
