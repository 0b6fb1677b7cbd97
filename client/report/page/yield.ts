/** What became of each round's candidates. */
import * as Plot from '@observablehq/plot';
import type { ReportData, ReportRound } from '../report-data.js';
import { chart, roundScale, tip } from './chart.js';
import { mostGroups, verdictColours } from './colours.js';
import { el } from './dom.js';
import { count, percent, plural, sum, wholeTick, words } from './format.js';
import { type Section, section } from './section.js';

interface Part {
  round: number;
  what: string;
  from: number;
  to: number;
  text: string;
}

const accepted = 'accepted';
const similar = 'similar';
const otherReasons = 'other reasons';

export function yieldSection({ rounds, totals }: ReportData): Section | null {
  const withCandidates = rounds.filter(({ candidates }) => candidates > 0);
  if (withCandidates.length === 0) return null;
  const kinds = kindsOf(totals.rejected);
  const parts = withCandidates.flatMap((round) => partsOf(round, kinds));
  const overall = totals.candidates === 0 ? 0 : totals.accepted / totals.candidates;
  /** Half of a bar: not wider than 45 pixels, however few rounds there are. */
  const half = (width: number) => Math.min(0.4, (45 * (spanOf(rounds) + 1.2)) / width);
  const colours = coloursOf(kinds);
  return section(
    { id: 'yield', label: 'Yield', title: 'Yield and rejects' },
    chart({
      title: 'What became of the candidates',
      says: 'Each bar is a round: its candidates, the accepted ones below and the rejected ones by reason above, as the verdicts have them.',
      legend: kinds.map((label, index) => ({ label: words(label), colour: colours[index] ?? '' })),
      draw: (width) => ({
        height: 280,
        x: roundScale(rounds, width),
        y: { label: 'candidates', grid: true, tickFormat: wholeTick },
        color: { domain: kinds, range: colours },
        marks: [
          Plot.rect(parts, {
            x1: (part: Part) => part.round - half(width),
            x2: (part: Part) => part.round + half(width),
            y1: 'from',
            y2: 'to',
            fill: 'what',
            insetTop: 0.5,
            insetBottom: 0.5,
            title: 'text',
            tip,
          }),
          Plot.ruleY([0]),
        ],
      }),
      numbers: {
        head: ['round', 'candidates', ...kinds.map(words), 'accepted, %'],
        rows: withCandidates.map((round) => [
          round.round,
          round.candidates,
          ...kinds.map((kind) => amount(round, kind, kinds)),
          shareOf(round),
        ]),
      },
    }),
    chart({
      title: 'Yield',
      says: `Accepted candidates as a share of all of a round; the dashed line is the whole run's ${percent(totals.accepted, totals.candidates)}.`,
      draw: (width) => ({
        height: 170,
        x: roundScale(rounds, width),
        y: { label: 'accepted, %', domain: [0, 100], grid: true },
        marks: [
          Plot.ruleY([100 * overall], { stroke: 'var(--muted)', strokeDasharray: '4 4' }),
          Plot.lineY(withCandidates, {
            x: 'round',
            y: shareOf,
            stroke: 'var(--accepted)',
            strokeWidth: 2,
          }),
          Plot.dotY(withCandidates, {
            x: 'round',
            y: shareOf,
            fill: 'var(--accepted)',
            r: 3.5,
            title: (round: ReportRound) =>
              `round ${round.round}: ${percent(round.accepted, round.candidates)}\n${count(round.accepted)} of ${plural(round.candidates, 'candidate')}${round.note ? `\n${round.note}` : ''}`,
            tip,
          }),
        ],
      }),
    }),
    notes(withCandidates),
  );
}

function notes(rounds: readonly ReportRound[]): HTMLElement | null {
  const noted = rounds.filter(({ note }) => note !== '');
  if (noted.length === 0) return null;
  return el(
    'details',
    { class: 'notes' },
    el('summary', null, 'What the rounds say'),
    el('ul', null, ...noted.map(({ round, note }) => el('li', null, `Round ${round}: ${note}`))),
  );
}

/** Reasons but `similar` that have a colour of their own, or stand together in the last one. */
const mostReasons = mostGroups - 2;

/** `accepted` and `similar`, which have one colour on the whole page, then the other reasons, most frequent first. */
function kindsOf(rejected: Partial<Record<string, number>>): string[] {
  const reasons = Object.entries(rejected)
    .filter(([reason, n]) => reason !== similar && (n ?? 0) > 0)
    .sort((a, b) => (b[1] ?? 0) - (a[1] ?? 0))
    .map(([reason]) => reason);
  const shown =
    reasons.length <= mostReasons ? reasons : [...reasons.slice(0, mostReasons - 1), otherReasons];
  return [accepted, ...((rejected[similar] ?? 0) > 0 ? [similar] : []), ...shown];
}

function coloursOf(kinds: readonly string[]): string[] {
  const others = kinds.filter((kind) => kind !== accepted && kind !== similar);
  return kinds.map((kind) => {
    if (kind === accepted) return verdictColours.accepted;
    if (kind === similar) return verdictColours.similar;
    return kind === otherReasons ? verdictColours.otherReasons : `var(--reject-${2 + others.indexOf(kind)})`;
  });
}

function amount(round: ReportRound, kind: string, kinds: readonly string[]): number {
  if (kind === accepted) return round.accepted;
  const rejected: Partial<Record<string, number>> = round.rejected;
  if (kind !== otherReasons) return rejected[kind] ?? 0;
  return sum(Object.entries(rejected).map(([reason, n]) => (kinds.includes(reason) ? 0 : n)));
}

function partsOf(round: ReportRound, kinds: readonly string[]): Part[] {
  let from = 0;
  return kinds.flatMap((what) => {
    const n = amount(round, what, kinds);
    const part = { round: round.round, what, from, to: from + n };
    from += n;
    const text = `round ${round.round}: ${words(what)}\n${count(n)} of ${plural(round.candidates, 'candidate')} (${percent(n, round.candidates)})`;
    return n === 0 ? [] : [{ ...part, text }];
  });
}

function spanOf(rounds: readonly ReportRound[]): number {
  return (rounds.at(-1)?.round ?? 0) - (rounds[0]?.round ?? 0);
}

function shareOf(round: ReportRound): number {
  return (100 * round.accepted) / round.candidates;
}
