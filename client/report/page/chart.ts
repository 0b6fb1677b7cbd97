/** Plots that fill the width they have, with a title, a sentence, a legend and their numbers as a table. */
import * as Plot from '@observablehq/plot';
import { type Child, el, fill, plainTable } from './dom.js';

export interface LegendEntry {
  label: string;
  colour: string;
  /** Of Plot; a filled square when left out. */
  symbol?: Plot.SymbolType;
  isHollow?: boolean;
}

export interface Chart {
  title: string;
  /** One sentence: what is seen, and where it comes from. */
  says: string;
  legend?: readonly LegendEntry[];
  /** Options for a plot of this width, pixels. */
  draw: (width: number) => Plot.PlotOptions;
  /** The same as numbers, for those who do not see the plot. */
  numbers?: { head: readonly string[]; rows: readonly (readonly Child[])[] };
  /** What a click on a mark does; `datum` is the row that the plot was given. */
  onPick?: (datum: unknown) => void;
}

export function chart(options: Chart): HTMLElement {
  const { title, says, legend, draw, numbers, onPick } = options;
  const holder = el('div', { class: onPick ? 'plot picks' : 'plot' });
  let drawn = 0;
  let due = 0;
  function redraw(): void {
    const width = Math.floor(holder.clientWidth);
    if (width === 0 || width === drawn) return;
    drawn = width;
    const options = draw(width);
    const plot = Plot.plot({
      width,
      marginLeft: 48,
      marginRight: 12,
      marginBottom: 40,
      insetTop: 4,
      ariaLabel: title,
      ariaDescription: says,
      ...options,
      x: { labelAnchor: 'center', labelArrow: 'none', labelOffset: 36, ...options.x },
      y: { labelArrow: 'none', ...options.y },
    });
    // The page's own style has its rules; a style element would not pass the page's security policy.
    plot.querySelector('style')?.remove();
    plot.setAttribute('role', 'img');
    if (onPick) {
      plot.addEventListener('click', () => {
        const datum: unknown = (plot as { value?: unknown }).value;
        if (datum !== null && datum !== undefined) onPick(datum);
      });
    }
    fill(holder, plot);
  }
  // In the next frame: what is drawn in the observer's own changes what other observers have just measured.
  new ResizeObserver(() => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(redraw);
  }).observe(holder);
  return el(
    'figure',
    { class: 'chart' },
    el('figcaption', null, el('h3', null, title), el('p', { class: 'says' }, says)),
    legend && legendOf(legend),
    holder,
    numbers && numbers.rows.length > 0 && numbersOf(numbers),
  );
}

/** Its table is there once somebody asks for it: it may have thousands of rows. */
function numbersOf({ head, rows }: NonNullable<Chart['numbers']>): HTMLElement {
  const element = el('details', null, el('summary', null, 'The numbers'));
  element.addEventListener('toggle', () => element.append(plainTable(head, rows)), { once: true });
  return element;
}

export function legendOf(entries: readonly LegendEntry[]): HTMLElement {
  return el(
    'ul',
    { class: 'legend' },
    ...entries.map((entry) =>
      el('li', null, icon(entry), el('span', { dir: 'auto', title: entry.label }, entry.label)),
    ),
  );
}

function icon({ colour, symbol = 'square', isHollow = false }: LegendEntry): SVGElement | HTMLElement {
  const paint = isHollow
    ? { stroke: colour, fill: 'none', strokeWidth: 1.6 }
    : { fill: colour, stroke: colour };
  const plot = Plot.plot({
    width: 14,
    height: 14,
    margin: 0,
    axis: null,
    x: { domain: [0, 1], range: [0, 14] },
    y: { domain: [0, 1], range: [14, 0] },
    marks: [Plot.dot([[0.5, 0.5]], { symbol, r: symbol === 'square' ? 5.2 : 4.2, ...paint })],
  });
  plot.querySelector('style')?.remove();
  plot.setAttribute('aria-hidden', 'true');
  return plot;
}

/** Options of a tip that shows a mark's `title`. */
export const tip: Plot.TipOptions = {
  fontSize: 12,
  lineHeight: 1.35,
  lineWidth: 24,
  fill: 'var(--raised)',
  stroke: 'var(--line-strong)',
  pathFilter: 'none',
  pointerSize: 8,
};

/** Rounds on the x axis, none at its very ends; as many labels as fit. */
export function roundScale(rounds: readonly { round: number }[], width: number): Plot.ScaleOptions {
  const all = rounds.map(({ round }) => round);
  return {
    label: 'round',
    ticks: someTicks(all, width),
    tickFormat: 'd',
    domain: [Math.min(...all) - 0.6, Math.max(...all) + 0.6],
  };
}

/** Of these values, at most as many as fit as labels. */
export function someTicks(values: readonly number[], width: number): number[] {
  const most = Math.max(2, Math.floor(width / 48));
  const step = Math.ceil(values.length / most);
  return values.filter((_, index) => index % step === 0);
}
