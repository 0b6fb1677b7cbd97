/** How near candidates are to what was there before. */
import * as Plot from '@observablehq/plot';
import type { ReportData, ReportSimilarity } from '../report-data.js';
import { chart, type LegendEntry, tip } from './chart.js';
import { verdictColours } from './colours.js';
import { type Child, el, foreign } from './dom.js';
import { badge, exampleLink } from './example-marks.js';
import { count, short, wholeTick } from './format.js';
import { type Section, section } from './section.js';

type Pair = ReportSimilarity['pairs'][number];

export function similaritySection(data: ReportData): Section | null {
  const { similarity } = data;
  if (similarity === null) return null;
  const known = new Set(data.examples.map(({ id }) => id));
  return section(
    { id: 'similarity', label: 'Similarity' },
    similarity.bins.length > 0 && histogram(similarity),
    similarity.pairs.length > 0 && pairs(similarity, known),
  );
}

function histogram({ metric, threshold, bins, bounded }: ReportSimilarity): HTMLElement {
  const isCosine = metric === 'cosine';
  const legend: (LegendEntry & { of: 'accepted' | 'rejected' | 'other' })[] = [
    { of: 'accepted', label: 'accepted', colour: verdictColours.accepted },
    { of: 'rejected', label: 'rejected as similar', colour: verdictColours.similar },
    isCosine
      ? { of: 'other', label: 'rows', colour: 'var(--group-1)' }
      : {
          of: 'other',
          label: 'rejected for other reasons, or undecided',
          colour: verdictColours.otherReasons,
        },
  ];
  const kinds = legend.filter(({ of }) => bins.some((bin) => bin[of] > 0));
  const bars = bins.flatMap((bin) => {
    let low = 0;
    return kinds.map(({ of, label, colour }) => {
      const bar = { from: bin.from, to: bin.to, what: label, colour, low, high: low + bin[of], n: bin[of] };
      low = bar.high;
      return bar;
    });
  });
  const says = [
    isCosine
      ? 'Cosine of a sample of all rows with their nearest ones, as the selection measured it.'
      : `${metric} of each candidate with its nearest one in the pool, as the filter measured it.`,
    threshold === null ? '' : saysThreshold(threshold, isCosine),
    bounded === 0 ? '' : `${count(bounded)} candidates are not shown: of them only a bound is known.`,
  ];
  return chart({
    title: 'Similarity to the nearest',
    says: says.filter(Boolean).join(' '),
    legend: kinds,
    draw: () => ({
      height: 260,
      insetTop: 20,
      x: { label: metric, domain: extent(bins, threshold) },
      y: { label: isCosine ? 'rows' : 'candidates', grid: true, tickFormat: wholeTick },
      color: { type: 'identity' },
      marks: [
        Plot.rect(
          bars.filter(({ n }) => n > 0),
          {
            x1: 'from',
            x2: 'to',
            y1: 'low',
            y2: 'high',
            fill: 'colour',
            insetLeft: 0.5,
            insetRight: 0.5,
            title: ({ from, to, what, n }: (typeof bars)[number]) =>
              `${short(from)} to ${short(to)}\n${count(n)} ${what}`,
            tip,
          },
        ),
        Plot.ruleY([0]),
        threshold === null
          ? null
          : [
              Plot.ruleX([threshold], { stroke: 'var(--ink)', strokeWidth: 1.5, strokeDasharray: '5 3' }),
              Plot.text([threshold], {
                x: (value: number) => value,
                frameAnchor: 'top',
                textAnchor: threshold > 0.8 ? 'end' : 'start',
                dx: threshold > 0.8 ? -6 : 6,
                text: (value: number) => `threshold ${limit(value)}`,
                stroke: 'var(--paper)',
                strokeWidth: 4,
                fill: 'var(--ink)',
              }),
            ],
      ],
    }),
    numbers: {
      head: ['from', 'to', ...kinds.map(({ label }) => label)],
      rows: bins
        .filter((bin) => kinds.some(({ of }) => bin[of] > 0))
        .map((bin) => [bin.from, bin.to, ...kinds.map(({ of }) => bin[of])]),
    },
  });
}

function saysThreshold(threshold: number, isCosine: boolean): string {
  return isCosine
    ? `Rows nearer than ${limit(threshold)} to one that was selected before were passed over.`
    : `More than ${limit(threshold)} is rejected as similar; it is the threshold of the newest round.`;
}

function extent(bins: ReportSimilarity['bins'], threshold: number | null): [number, number] {
  const ends = [...bins.flatMap(({ from, to }) => [from, to]), ...(threshold === null ? [] : [threshold])];
  return [Math.min(...ends), Math.max(...ends)];
}

/** Cosines of a quantile have digits without end. */
function limit(threshold: number): string {
  return String(Number(threshold.toPrecision(4)));
}

/** How many pairs are there before one asks for more. */
const shownAtOnce = 6;

function pairs({ pairs, metric }: ReportSimilarity, known: ReadonlySet<string>): HTMLElement {
  const first = pairs.slice(0, shownAtOnce).map((pair) => pairCard(pair, known));
  const more = pairs.slice(shownAtOnce);
  return el(
    'div',
    { class: 'nearest' },
    el('h3', null, 'Nearest pairs'),
    el(
      'p',
      { class: 'says' },
      `Texts beside what they are nearest to by ${metric}, accepted ones first. Words that both have are underlined.`,
    ),
    el('div', { class: 'cards' }, ...first),
    more.length > 0 &&
      el(
        'details',
        null,
        el('summary', null, `${count(more.length)} more`),
        el('div', { class: 'cards' }, ...more.map((pair) => pairCard(pair, known))),
      ),
  );
}

function pairCard(pair: Pair, known: ReadonlySet<string>): HTMLElement {
  return el(
    'article',
    { class: 'card' },
    el(
      'p',
      { class: 'card-head' },
      el('span', { class: 'figure' }, pair.similarity.toFixed(3)),
      ' ',
      badge(pair.accepted ? 'accepted' : 'rejected'),
    ),
    el(
      'div',
      { class: 'sides' },
      side('This one', { id: pair.id, text: pair.text, other: pair.nearestText }, known),
      side('Its nearest', { id: pair.nearestId, text: pair.nearestText, other: pair.text }, known),
    ),
  );
}

function side(
  label: string,
  { id, text, other }: { id: string; text: string; other: string },
  known: ReadonlySet<string>,
): HTMLElement {
  return el(
    'div',
    null,
    el('p', { class: 'says' }, label, known.has(id) && ' · ', known.has(id) && exampleLink(id, 'open')),
    el('p', { class: 'foreign', dir: 'auto' }, ...shared(text, other)),
  );
}

const word = /[\p{L}\p{N}]+/gu;

/** The text with the words underlined that the other one has too. */
function shared(text: string, other: string): Child[] {
  const words = new Set(other.toLowerCase().match(word));
  const parts: Child[] = [];
  let end = 0;
  for (const match of text.matchAll(word)) {
    if (!words.has(match[0].toLowerCase())) continue;
    parts.push(text.slice(end, match.index), el('u', null, match[0]));
    end = match.index + match[0].length;
  }
  return [...parts, foreign(text.slice(end), 'rest')];
}
