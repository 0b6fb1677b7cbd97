/** Which pairs of skills Instruct-SkillMix has used, and how often. */
import * as Plot from '@observablehq/plot';
import { excerpt } from '../../../methods/text.js';
import type { ReportCoverage, ReportData } from '../report-data.js';
import { chart, type LegendEntry, tip } from './chart.js';
import { el } from './dom.js';
import { count, plural, wholeTick } from './format.js';
import { type Section, section } from './section.js';

interface Cell {
  x: number;
  y: number;
  used: number;
  text: string;
}

const heat = [1, 2, 3, 4, 5].map((step) => `var(--heat-${step})`);

export function coverageSection({ coverage }: ReportData): Section | null {
  if (coverage === null) return null;
  return section(
    { id: 'coverage', label: 'Skills', title: 'Coverage of skills' },
    coverage.summary.length > 0 &&
      el('ul', { class: 'summary' }, ...coverage.summary.map((line) => el('li', null, line))),
    coverage.skills.length > 0 && heatMap(coverage),
    coverage.queryTypes.length > 0 && queryTypes(coverage),
  );
}

function heatMap({ skills, pairs }: ReportCoverage): HTMLElement {
  const most = Math.max(1, ...pairs.map(({ used }) => used));
  const upTo = steps(most);
  const name = (index: number) => excerpt(skills[index]?.name ?? '', 80);
  const pairText = (a: number, b: number, used: number) =>
    `${name(a)}\n${name(b)}\n${used === 0 ? 'never together' : `together ${plural(used, 'time')}`}`;
  const used = new Map(
    pairs.flatMap(({ a, b, used }) => [[`${a} ${b}`, used] as const, [`${b} ${a}`, used] as const]),
  );
  const cells: Cell[] = skills.flatMap((_, y) =>
    skills.flatMap((_, x) => {
      if (x === y) return [];
      const n = used.get(`${x} ${y}`) ?? 0;
      return [{ x: x + 1, y: y + 1, used: n, text: pairText(y, x, n) }];
    }),
  );
  const level = ({ used }: Cell) => upTo.findIndex((limit) => used <= limit);
  const legend: LegendEntry[] = [
    { label: 'never', colour: 'var(--heat-0)' },
    ...upTo.map((limit, index) => {
      const from = (upTo[index - 1] ?? 0) + 1;
      return { label: from === limit ? count(limit) : `${from} to ${limit}`, colour: heat[index] ?? '' };
    }),
  ];
  return chart({
    title: 'How often skills met',
    says: `Examples that use both the skill of the row and that of the column, among the ${count(skills.length)} most used skills; columns have the rows' numbers. Counted from the examples' lineage.`,
    legend,
    draw: (width) => {
      const labels = width < 560 ? 13 : 34;
      const marginLeft = width < 560 ? 116 : 236;
      const side = Math.min(44, (width - marginLeft - 12) / skills.length);
      return {
        marginLeft,
        marginRight: width - marginLeft - side * skills.length,
        marginTop: 24,
        marginBottom: 8,
        height: Math.min(28, Math.max(9, side)) * skills.length + 32,
        x: {
          type: 'band',
          label: null,
          axis: 'top',
          domain: skills.map((_, index) => index + 1),
          padding: 0.06,
          tickSize: 0,
          ticks: numbers(skills.length, side),
        },
        y: {
          type: 'band',
          label: null,
          domain: skills.map((_, index) => index + 1),
          padding: 0.06,
          tickSize: 0,
          tickFormat: (index: number) => `${excerpt(skills[index - 1]?.name ?? '', labels)} ${index}`,
        },
        color: { type: 'identity' },
        marks: [
          Plot.cell(cells, {
            x: 'x',
            y: 'y',
            fill: (cell: Cell) =>
              cell.used === 0 ? 'var(--heat-0)' : (heat[level(cell)] ?? 'var(--heat-0)'),
            title: 'text',
            tip,
          }),
          side < 26
            ? null
            : Plot.text(
                cells.filter((cell) => cell.used > 0),
                {
                  x: 'x',
                  y: 'y',
                  text: 'used',
                  fontSize: 11,
                  fill: (cell: Cell) => (level(cell) > 2 ? 'var(--on-heat)' : 'var(--ink)'),
                },
              ),
        ],
      };
    },
    numbers: {
      head: ['skill', 'and', 'together'],
      rows: [...pairs]
        .sort((a, b) => b.used - a.used)
        .slice(0, 200)
        .map(({ a, b, used }) => [name(a), name(b), used]),
    },
  });
}

/** Upper ends of at most five steps of whole numbers up to `most`. */
function steps(most: number): number[] {
  const size = Math.min(heat.length, most);
  const ends = Array.from({ length: size }, (_, index) => Math.ceil((most * (index + 1)) / size));
  return [...new Set(ends)];
}

function numbers(size: number, side: number): number[] {
  const step = side >= 16 ? 1 : 5;
  return Array.from({ length: size }, (_, index) => index + 1).filter((n) => step === 1 || n % step === 0);
}

function queryTypes({ queryTypes }: ReportCoverage): HTMLElement {
  const rows = queryTypes.map(({ name, used }, index) => ({ at: index, name, used }));
  return chart({
    title: 'Query types',
    says: 'How many examples asked in each way, counted from their lineage.',
    draw: (width) => {
      const labels = width < 560 ? 16 : 36;
      return {
        marginLeft: width < 560 ? 118 : 236,
        marginRight: 36,
        height: 22 * rows.length + 44,
        x: { label: 'examples', grid: true, tickFormat: wholeTick },
        y: {
          type: 'band',
          label: null,
          tickSize: 0,
          domain: rows.map(({ at }) => at),
          tickFormat: (at: number) => excerpt(rows[at]?.name ?? '', labels),
        },
        marks: [
          Plot.barX(rows, {
            x: 'used',
            y: 'at',
            fill: 'var(--group-1)',
            insetTop: 2,
            insetBottom: 2,
            title: ({ name, used }: (typeof rows)[number]) =>
              `${excerpt(name, 120)}\n${plural(used, 'example')}`,
            tip,
          }),
          Plot.text(rows, {
            x: 'used',
            y: 'at',
            text: 'used',
            textAnchor: 'start',
            dx: 5,
            fill: 'var(--ink)',
          }),
          Plot.ruleX([0]),
        ],
      };
    },
    numbers: { head: ['query type', 'examples'], rows: rows.map(({ name, used }) => [name, used]) },
  });
}
