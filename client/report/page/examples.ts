/** The table of examples: search, filters, order, pages. */
import { excerpt } from '../../../methods/text.js';
import type { ReportData, ReportExample } from '../report-data.js';
import type { ExampleDialog } from './detail.js';
import { button, el, fill } from './dom.js';
import { exampleLink, stateBadge } from './example-marks.js';
import { exampleFilters } from './filters.js';
import { count, plural, short } from './format.js';
import { type Section, section } from './section.js';

/** Rows on a page of the table. */
const pageSize = 50;

interface Column {
  label: string;
  /** Sorted by this; missing values last. */
  value: (example: ReportExample) => string | number | null;
  cell: (example: ReportExample) => Node | string;
  kind: 'text' | 'number' | 'main';
}

interface Order {
  column: Column;
  isDown: boolean;
}

const columns: Column[] = [
  {
    label: 'instruction',
    value: ({ instruction }) => instruction.toLowerCase(),
    cell: ({ id, instruction }) => exampleLink(id, excerpt(instruction, 220) || '(no instruction)'),
    kind: 'main',
  },
  {
    label: 'state',
    value: ({ state, reason }) => `${state} ${reason ?? ''}`,
    cell: stateBadge,
    kind: 'text',
  },
  { label: 'round', value: ({ round }) => round, cell: ({ round }) => count(round), kind: 'number' },
  numberColumn(
    'similarity',
    ({ similarity }) => similarity,
    (value) => value.toFixed(3),
  ),
  numberColumn('complexity', ({ complexity }) => complexity),
  numberColumn('quality', ({ quality }) => quality),
];

function numberColumn(
  label: string,
  value: (example: ReportExample) => number | null,
  shown = short,
): Column {
  const cell = (example: ReportExample) => {
    const number = value(example);
    return number === null ? '–' : shown(number);
  };
  return { label, value, cell, kind: 'number' };
}

export function examplesSection({ examples, unit }: ReportData, dialog: ExampleDialog): Section {
  const shownColumns = columns.filter(
    ({ value, kind }) => kind !== 'number' || examples.some((example) => value(example) !== null),
  );
  let order: Order | null = null;
  let page = 0;
  let found: readonly ReportExample[] = examples;

  const status = el('p', { class: 'found', role: 'status' });
  const body = el('tbody', { role: 'rowgroup' });
  const previous = button('Previous', () => turn(-1));
  const next = button('Next', () => turn(1));
  const place = el('span', null);
  const pager = el('p', { class: 'pager' }, previous, place, next);
  const heads = shownColumns.map((column) => {
    const head = el(
      'th',
      { scope: 'col', role: 'columnheader', class: column.kind },
      button(column.label, () => sortBy(column)),
    );
    return { column, head };
  });
  const orders: Order[] = shownColumns.flatMap((column) => [
    { column, isDown: false },
    { column, isDown: true },
  ]);
  const sort = el(
    'select',
    { id: 'sort' },
    el('option', { value: '' }, 'no column'),
    ...orders.map(orderName).map((name) => el('option', { value: name }, name)),
  );
  sort.addEventListener('change', () =>
    putInOrder(orders.find((choice) => orderName(choice) === sort.value) ?? null),
  );
  const filters = exampleFilters(examples, {
    sort,
    onChange: (matches) => {
      found = matches;
      page = 0;
      show();
    },
  });

  function sortBy(column: Column): void {
    if (order?.column !== column) putInOrder({ column, isDown: false });
    else putInOrder(order.isDown ? null : { column, isDown: true });
  }

  function putInOrder(wanted: Order | null): void {
    order = wanted;
    page = 0;
    show();
  }

  function show(): void {
    const sorted = order === null ? found : [...found].sort(comparing(order.column, order.isDown));
    dialog.setOrder(sorted.map(({ id }) => id));
    const pages = Math.max(1, Math.ceil(sorted.length / pageSize));
    const first = page * pageSize;
    const rows = sorted.slice(first, first + pageSize);
    fill(body, ...rows.map(row));
    fill(
      status,
      sorted.length === examples.length
        ? plural(examples.length, unit)
        : `${count(sorted.length)} of ${plural(examples.length, unit)}`,
    );
    sort.value = order === null ? '' : orderName(order);
    for (const { column, head } of heads) {
      if (order?.column === column) head.setAttribute('aria-sort', order.isDown ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
    pager.hidden = pages === 1;
    previous.disabled = page === 0;
    next.disabled = page >= pages - 1;
    fill(place, `${count(first + 1)} to ${count(first + rows.length)} of ${count(sorted.length)}`);
  }

  function turn(by: number): void {
    page += by;
    show();
    status.scrollIntoView();
  }

  function row(example: ReportExample): HTMLElement {
    const line = el(
      'tr',
      { role: 'row' },
      ...shownColumns.map((column) =>
        el('td', { class: column.kind, role: 'cell', 'data-label': column.label }, column.cell(example)),
      ),
    );
    line.addEventListener('click', (event) => {
      if (!(event.target instanceof HTMLAnchorElement)) dialog.open(example.id);
    });
    return line;
  }

  const element = el(
    'div',
    { class: 'examples' },
    filters.element,
    status,
    el(
      'table',
      // Roles by name: on a phone the style makes blocks of rows and cells, which takes theirs away.
      { class: 'rows', role: 'table', 'aria-label': 'Examples' },
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...heads.map(({ head }) => head))),
      body,
    ),
    pager,
  );
  element.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') moveBetweenRows(body, event);
  });
  show();
  return section(
    { id: 'examples', label: 'Examples' },
    el(
      'p',
      { class: 'says' },
      `Every ${unit} with what became of it; a click opens its text and where it comes from, down to the call. `,
      examples.length === 0 && 'There are none yet.',
    ),
    element,
  );
}

/** From row to row with the arrow keys, when a row has the focus or, downwards, the search field. */
function moveBetweenRows(body: HTMLElement, event: KeyboardEvent): void {
  const links = [...body.querySelectorAll<HTMLAnchorElement>('td.main a')];
  const isSearch = event.target instanceof HTMLInputElement;
  const at = links.indexOf(event.target as HTMLAnchorElement);
  if (at === -1 && !(isSearch && event.key === 'ArrowDown')) return;
  const next = links[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function orderName({ column: { label, kind }, isDown }: Order): string {
  const [up, down] = kind === 'number' ? ['lowest first', 'highest first'] : ['A to Z', 'Z to A'];
  return `${label}, ${isDown ? down : up}`;
}

function comparing(column: Column, isDown: boolean): (a: ReportExample, b: ReportExample) => number {
  return (a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (left === right) return 0;
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right === isDown ? 1 : -1;
  };
}
