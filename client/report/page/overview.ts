/** The run's headline figures. */
import type { ReportData } from '../report-data.js';
import { type Child, el, foreign } from './dom.js';
import { count, dollars, percent, plural, short, sum, words } from './format.js';
import { type Section, section } from './section.js';

export function overviewSection(data: ReportData): Section {
  const { totals, run, samples } = data;
  const { calls, tokens, costUsd, unknownUsd } = totals;
  const failed = sum(Object.values(calls.failed));
  const made = calls.answered + failed;
  const perAccepted = (value: number) => (totals.accepted === 0 ? null : value / totals.accepted);
  const callsEach = perAccepted(made);
  const dollarsEach = costUsd === null ? null : perAccepted(costUsd);
  const tokensAll = tokens.prompt + tokens.completion;
  return section(
    { id: 'overview', label: 'Overview' },
    stateLine(data),
    ...samples.map((sample) => el('p', { class: 'note' }, `Shown below: ${sample}.`)),
    el(
      'dl',
      { class: 'tiles' },
      tile(
        totals.examples === null ? 'Accepted so far' : 'Examples in the dataset',
        count(totals.examples ?? totals.accepted),
        run.target === null ? null : `of ${count(run.target)} wanted`,
      ),
      totals.candidates > 0 &&
        tile(
          'Yield',
          percent(totals.accepted, totals.candidates),
          `${count(totals.accepted)} of ${plural(totals.candidates, 'candidate')} accepted${
            totals.undecided > 0 ? `, ${count(totals.undecided)} undecided` : ''
          }`,
        ),
      tile(
        'Calls',
        count(made),
        [
          failed > 0 && `${count(failed)} without a usable answer`,
          `${plural(calls.sent, 'request')} sent`,
          calls.fromStore > 0 && `${count(calls.fromStore)} answered from the store`,
        ]
          .filter((part) => part !== false)
          .join(', '),
      ),
      callsEach !== null && tile('Calls per accepted example', short(callsEach)),
      tile(
        'Cost',
        costUsd === null ? 'unknown' : dollars(costUsd),
        costUsd === null
          ? 'the recipe gives no price'
          : unknownUsd !== null && unknownUsd > 0
            ? `and at most ${dollars(unknownUsd)} for requests with an unknown outcome`
            : null,
      ),
      dollarsEach !== null &&
        tile(
          'Cost per accepted example',
          dollars(dollarsEach),
          dollarsEach === 0 ? null : `${dollars(dollarsEach * 1000)} for a thousand`,
        ),
      tile('Rounds', count(data.rounds.length)),
      tile(
        'Tokens',
        count(tokensAll),
        `${count(tokens.prompt)} in prompts, ${count(tokens.completion)} in answers`,
      ),
    ),
    el(
      'p',
      { class: 'says' },
      'Counted from the ledger, which has every request, and from the verdict on every candidate.',
      failed > 0 &&
        ` Calls without a usable answer: ${Object.entries(calls.failed)
          .map(([reason, n]) => `${words(reason)} ${count(n)}`)
          .join(', ')}.`,
    ),
  );
}

function stateLine({ run }: ReportData): HTMLElement {
  const kind = run.paused ? 'paused' : run.state;
  return el(
    'p',
    { class: 'state' },
    el('strong', { class: 'badge', 'data-kind': kind }, run.paused ? 'paused' : run.state),
    run.paused && ' by ',
    run.paused && foreign(run.paused.by),
    run.paused && ': ',
    run.paused && foreign(run.paused.reason),
    !run.paused && run.stopReason !== null && ' ',
    !run.paused && run.stopReason !== null && foreign(run.stopReason),
  );
}

function tile(name: string, value: string, more: Child = null): HTMLElement {
  return el(
    'div',
    { class: 'tile' },
    el('dt', null, name),
    el(
      'dd',
      null,
      el('span', { class: 'figure' }, value),
      more !== null && el('span', { class: 'more' }, more),
    ),
  );
}
