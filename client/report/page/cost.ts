/** What an accepted example took. */
import * as Plot from '@observablehq/plot';
import type { ReportData, ReportRound } from '../report-data.js';
import { chart, roundScale, tip } from './chart.js';
import { el } from './dom.js';
import { dollars, plural, short, sum } from './format.js';
import { type Section, section } from './section.js';

type Each = (round: ReportRound) => number | null;

export function costSection({ rounds, totals }: ReportData): Section | null {
  const called = rounds.filter(({ calls }) => calls > 0);
  if (called.length === 0 || totals.accepted === 0) return null;
  const callsEach: Each = ({ calls, accepted }) => (accepted === 0 ? null : calls / accepted);
  const dollarsEach: Each = ({ costUsd, accepted }) =>
    costUsd === null || accepted === 0 ? null : costUsd / accepted;
  const hasPrice = called.some(({ costUsd }) => costUsd !== null && costUsd > 0);
  return section(
    { id: 'cost', label: 'Cost', title: 'Calls and cost' },
    el(
      'div',
      { class: 'pair' },
      line({
        rounds: called,
        title: 'Calls per accepted example',
        says: 'Teacher calls of a round over the candidates it accepted; the dashed line is all rounds together. Rounds that accepted nothing have no point.',
        label: 'calls',
        each: callsEach,
        overall: sum(called.map(({ calls }) => calls)) / totals.accepted,
        text: short,
        whole: ({ calls }) => plural(calls, 'call'),
      }),
      hasPrice &&
        line({
          rounds: called,
          title: 'Cost per accepted example',
          says: 'Dollars that the ledger has for a round over the candidates it accepted; the dashed line is all rounds together.',
          label: 'dollars',
          each: dollarsEach,
          overall: sum(called.map(({ costUsd }) => costUsd ?? 0)) / totals.accepted,
          text: dollars,
          whole: ({ costUsd }) => (costUsd === null ? 'price unknown' : `${dollars(costUsd)} in all`),
        }),
    ),
  );
}

function line(options: {
  rounds: readonly ReportRound[];
  title: string;
  says: string;
  label: string;
  each: Each;
  overall: number;
  text: (value: number) => string;
  whole: (round: ReportRound) => string;
}): HTMLElement {
  const { rounds, title, says, label, each, overall, text, whole } = options;
  const known = rounds.filter((round) => each(round) !== null);
  return chart({
    title,
    says,
    draw: (width) => ({
      height: 200,
      marginLeft: 52,
      x: roundScale(rounds, width),
      y: { label, grid: true, zero: true, ticks: 5 },
      marks: [
        Plot.ruleY([overall], { stroke: 'var(--muted)', strokeDasharray: '4 4' }),
        Plot.lineY(known, { x: 'round', y: each, stroke: 'var(--accent)', strokeWidth: 2 }),
        Plot.dotY(known, {
          x: 'round',
          y: each,
          fill: 'var(--accent)',
          r: 3.5,
          title: (round: ReportRound) =>
            `round ${round.round}: ${text(each(round) ?? 0)} each\n${whole(round)}, ${round.accepted} accepted`,
          tip,
        }),
      ],
    }),
    numbers: {
      head: ['round', `${label}, all`, 'accepted', `${label} per accepted`],
      rows: rounds.map((round) => {
        const value = each(round);
        return [round.round, whole(round), round.accepted, value === null ? null : text(value)];
      }),
    },
  });
}
