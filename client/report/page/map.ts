/** All rows on two axes, near ones near. */
import * as Plot from '@observablehq/plot';
import { excerpt } from '../../../methods/text.js';
import type { ReportData, ReportMap } from '../report-data.js';
import { chart, tip } from './chart.js';
import { groupColour, mostGroups, symbols, topGroups } from './colours.js';
import { el } from './dom.js';
import { count, plural } from './format.js';
import { type Section, section } from './section.js';

type Point = ReportMap['points'][number];

const otherGroups = 'others';

export function mapSection({ map, unit }: ReportData, open: (id: string) => void): Section | null {
  if (map === null || map.points.length === 0) return null;
  const tally = new Map<string, number>();
  for (const { group } of map.points) tally.set(group, (tally.get(group) ?? 0) + 1);
  const groups = topGroups(tally, otherGroups);
  const shown = new Set(groups);
  const groupOf = ({ group }: Point) => (shown.has(group) ? group : otherGroups);
  const { count: missing, what } = map.missing;
  const says = [
    `Each point is a ${unit}; near ones are alike. Two dimensions by ${map.by} of ${map.of}.`,
    missing > 0 &&
      `${plural(missing, unit)} without ${what === 'text' ? 'text' : 'a vector'} ${missing === 1 ? 'is' : 'are'} not shown.`,
    'The axes have no meaning of their own; a click opens what a point stands for.',
  ];
  const isLast = (index: number) => index === mostGroups - 1;
  return section(
    { id: 'map', label: 'Map' },
    chart({
      title: `Map of the ${unit}s by ${map.by}`,
      says: says.filter(Boolean).join(' '),
      legend: groups.map((label, index) => ({
        label: `${excerpt(label, 40)} (${count(tallyOf(map.points, groupOf, label))})`,
        colour: groupColour(label, index),
        symbol: symbols[index] ?? 'circle',
        isHollow: isLast(index),
      })),
      onPick: (datum) => open((datum as Point).id),
      draw: (width) => ({
        height: Math.min(620, Math.max(340, width * 0.7)),
        marginTop: 1,
        marginRight: 1,
        marginBottom: 1,
        marginLeft: 1,
        axis: null,
        inset: 12,
        marks: [
          Plot.frame({ stroke: 'var(--line)' }),
          // The rest first, so that it lies below.
          [...groups.entries()].reverse().map(([index, group]) =>
            Plot.dot(
              map.points.filter((point) => groupOf(point) === group),
              {
                x: 'x',
                y: 'y',
                r: 3,
                symbol: symbols[index] ?? 'circle',
                ...(isLast(index)
                  ? { stroke: groupColour(group, index) }
                  : { fill: groupColour(group, index), fillOpacity: 0.8 }),
              },
            ),
          ),
          Plot.tip(map.points, Plot.pointer({ x: 'x', y: 'y', title: pointText, ...tip })),
        ],
      }),
    }),
    el('p', { class: 'says' }, 'As text: ', el('a', { href: '#examples' }, `the ${unit}s in Examples`), '.'),
  );
}

function tallyOf(points: readonly Point[], groupOf: (point: Point) => string, group: string): number {
  return points.filter((point) => groupOf(point) === group).length;
}

function pointText({ text, group, round }: Point): string {
  return `${excerpt(text, 160)}\n${excerpt(group, 60)} · round ${round}`;
}
