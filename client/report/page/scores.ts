/** DEITA's scores of each row and which rows were selected. */
import * as Plot from '@observablehq/plot';
import { excerpt } from '../../../methods/text.js';
import type { ReportData, ReportScores } from '../report-data.js';
import { chart, type LegendEntry, tip } from './chart.js';
import { count, short } from './format.js';
import { type Section, section } from './section.js';

type Point = ReportScores['points'][number];

export function scoresSection({ scores }: ReportData, open: (id: string) => void): Section | null {
  if (scores === null || scores.points.length === 0) return null;
  const { points, hasSelection } = scores;
  const step = stepOf(points);
  const placed = points.map((point) => ({
    ...point,
    x: point.complexity + step * jitter(`${point.id} x`),
    y: point.quality + step * jitter(`${point.id} y`),
  }));
  const selected = placed.filter((point) => point.selected);
  const others = placed.filter((point) => !point.selected);
  const legend: LegendEntry[] = [
    { label: 'selected', colour: 'var(--accepted)', symbol: 'circle' },
    { label: 'not selected', colour: 'var(--muted)', symbol: 'circle', isHollow: true },
  ];
  const scale = (values: readonly number[]): Plot.ScaleOptions => ({
    grid: true,
    ...(step > 0 && { ticks: Math.min(12, Math.max(...values) - Math.min(...values) + 1) }),
    domain: [Math.min(...values) - 0.5, Math.max(...values) + 0.5],
  });
  const says = [
    'Each point is a row: how complex its instruction is and how good its answer, as the scorer said.',
    hasSelection ? `${count(selected.length)} of ${count(points.length)} were selected.` : '',
    step > 0 ? 'Equal scores are spread a little, so that points do not hide each other.' : '',
    'A click opens the row.',
  ];
  return section(
    { id: 'scores', label: 'Scores' },
    chart({
      title: 'Complexity and quality',
      says: says.filter(Boolean).join(' '),
      ...(hasSelection && { legend }),
      onPick: (datum) => open((datum as Point).id),
      draw: (width) => ({
        height: Math.min(460, Math.max(300, width * 0.6)),
        x: { label: 'complexity', ...scale(points.map(({ complexity }) => complexity)) },
        y: { label: 'quality', ...scale(points.map(({ quality }) => quality)) },
        marks: [
          Plot.dot(others, {
            x: 'x',
            y: 'y',
            r: 2.5,
            stroke: hasSelection ? 'var(--muted)' : 'var(--accepted)',
            strokeOpacity: 0.65,
          }),
          Plot.dot(selected, { x: 'x', y: 'y', r: 3, fill: 'var(--accepted)', fillOpacity: 0.75 }),
          Plot.tip(placed, Plot.pointer({ x: 'x', y: 'y', title: pointText, ...tip })),
        ],
      }),
    }),
  );
}

function pointText({ complexity, quality, selected, text }: Point): string {
  const scores = `complexity ${short(complexity)}, quality ${short(quality)}${selected ? ', selected' : ''}`;
  return `${scores}\n${excerpt(text, 140)}`;
}

/** How far scores lie apart where they are whole or, as means of two, halves; else 0. */
function stepOf(points: readonly Point[]): number {
  const isMultiple = (step: number) =>
    points.every(({ complexity, quality }) => complexity % step === 0 && quality % step === 0);
  return isMultiple(1) ? 1 : isMultiple(0.5) ? 0.5 : 0;
}

/** Between -0.3 and 0.3, always the same for a text. */
function jitter(text: string): number {
  let hash = 2166136261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  return (((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32 - 0.5) * 0.6;
}
