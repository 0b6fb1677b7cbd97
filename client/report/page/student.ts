/** What the student's losses said of the batches, and what came of it. */
import * as Plot from '@observablehq/plot';
import type { ReportData, ReportStudent } from '../report-data.js';
import { chart, roundScale, someTicks, tip } from './chart.js';
import { el, foreign, plainTable } from './dom.js';
import { exampleLink } from './example-marks.js';
import { count, plural, short } from './format.js';
import { type Section, section } from './section.js';

type Batch = ReportStudent['batches'][number] & { order: number };

export function studentSection(data: ReportData, open: (id: string) => void): Section | null {
  const { student } = data;
  if (student === null) return null;
  const known = new Set(data.examples.map(({ id }) => id));
  return section(
    { id: 'student', label: 'Student' },
    el('p', { class: 'says' }, 'Measured by ', foreign(student.model), '.'),
    student.batches.some(({ loss }) => loss !== null) && lossChart(student, open),
    student.heldOut.length > 0 && heldOutChart(student),
    student.seeds.length > 0 && seedTable(student, known),
  );
}

function lossChart({ batches }: ReportStudent, open: (id: string) => void): HTMLElement {
  const measured: Batch[] = batches
    .map((batch, order) => ({ ...batch, order: order + 1 }))
    .filter(({ loss }) => loss !== null);
  const plain = measured.filter(({ attractive }) => !attractive);
  const attractive = measured.filter((batch) => batch.attractive);
  const starts = measured.filter((batch, index) => batch.round !== measured[index - 1]?.round);
  const roundAt = new Map(starts.map(({ order, round }) => [order, round]));
  return chart({
    title: 'Loss of each batch',
    says: `Mean loss of the student on a batch before it trained on it, in nats per answer token, in order of training; ${count(attractive.length)} of ${count(batches.length)} batches were attractive and gave new seeds. A click opens the batch's first example.`,
    legend: [
      { label: 'attractive', colour: 'var(--group-2)', symbol: 'star' },
      { label: 'other batches', colour: 'var(--group-1)', symbol: 'circle', isHollow: true },
    ],
    onPick: (datum) => {
      const id = (datum as Batch).examples[0];
      if (id !== undefined) open(id);
    },
    draw: (width) => ({
      height: 280,
      x: {
        label: 'batches, by round',
        ticks: someTicks(
          starts.map(({ order }) => order),
          width,
        ),
        tickFormat: (order: number) => `${roundAt.get(order) ?? ''}`,
        inset: 10,
      },
      y: { label: 'loss', grid: true, nice: true },
      marks: [
        Plot.ruleX(starts, { x: ({ order }: Batch) => order - 0.5, stroke: 'var(--line)' }),
        Plot.dot(plain, { x: 'order', y: 'loss', stroke: 'var(--group-1)', r: 3 }),
        Plot.dot(attractive, { x: 'order', y: 'loss', fill: 'var(--group-2)', symbol: 'star', r: 5 }),
        Plot.tip(measured, Plot.pointer({ x: 'order', y: 'loss', title: batchText, ...tip })),
      ],
    }),
    numbers: {
      head: ['round', 'batch', 'loss', 'score', 'attractive', 'examples'],
      rows: measured.map(({ round, batch, loss, score, attractive, size }) => [
        round,
        batch,
        loss,
        score,
        attractive ? 'yes' : 'no',
        size,
      ]),
    },
  });
}

function batchText({ round, batch, loss, score, attractive, size }: Batch): string {
  const lines = [
    `${batch}, round ${round}${attractive ? ': attractive' : ''}`,
    `loss ${short(loss ?? 0)}`,
    score === null ? '' : `score ${short(score)}`,
    plural(size, 'example'),
  ];
  return lines.filter(Boolean).join('\n');
}

type Change = ReportStudent['heldOut'][number];

function heldOutChart({ heldOut }: ReportStudent): HTMLElement {
  const ends = heldOut.flatMap((change) => [
    { ...change, at: change.before, when: 'before' },
    { ...change, at: change.after, when: 'after' },
  ]);
  return chart({
    title: 'Held-out loss',
    says: "The student's loss on the reporting half of the held-out rows before and after each round's training, in nats per answer token; lower is better.",
    legend: [
      { label: 'before', colour: 'var(--group-1)', symbol: 'circle', isHollow: true },
      { label: 'after', colour: 'var(--group-1)', symbol: 'circle' },
    ],
    draw: (width) => ({
      height: 220,
      marginLeft: 48,
      x: roundScale(heldOut, width),
      y: { label: 'loss', grid: true, nice: true, inset: 6 },
      marks: [
        Plot.link(heldOut, {
          x: 'round',
          y1: 'before',
          y2: 'after',
          stroke: 'var(--group-1)',
          strokeWidth: 2,
          strokeOpacity: 0.6,
        }),
        Plot.dot(
          ends.filter(({ when }) => when === 'before'),
          { x: 'round', y: 'at', stroke: 'var(--group-1)', fill: 'var(--paper)', r: 4 },
        ),
        Plot.dot(
          ends.filter(({ when }) => when === 'after'),
          { x: 'round', y: 'at', fill: 'var(--group-1)', r: 4 },
        ),
        Plot.tip(
          ends,
          Plot.pointer({
            x: 'round',
            y: 'at',
            title: ({ round, before, after }: Change) =>
              `round ${round}\n${before.toFixed(4)} before, ${after.toFixed(4)} after`,
            ...tip,
          }),
        ),
      ],
    }),
    numbers: {
      head: ['round', 'before', 'after', 'change'],
      rows: heldOut.map(({ round, before, after }) => [round, before, after, after - before]),
    },
  });
}

function seedTable({ seeds }: ReportStudent, known: ReadonlySet<string>): HTMLElement {
  return el(
    'div',
    null,
    el('h3', null, 'Seeds from attractive batches'),
    el(
      'p',
      { class: 'says' },
      'Instructions that attractive batches put into the pool of seeds, and the score that chose them.',
    ),
    plainTable(
      ['round', 'seed', 'score'],
      seeds.map(({ round, id, text, score }) => [
        round,
        known.has(id) ? exampleLink(id, foreign(text)) : foreign(text),
        score,
      ]),
    ),
  );
}
