/** Search and filters over the examples. */
import { excerpt } from '../../../methods/text.js';
import type { ReportExample } from '../report-data.js';
import { button, el } from './dom.js';
import { count, words } from './format.js';

interface Filter {
  label: string;
  values: (example: ReportExample) => readonly string[];
  /** As a choice shows it. */
  name: (value: string) => string;
  isNumeric?: boolean;
  /** Not every example has one: a single value is a choice as well. */
  isOptional?: boolean;
}

const filters: Filter[] = [
  { label: 'State', values: ({ state }) => [state], name: words },
  {
    label: 'Reason',
    values: ({ reason }) => (reason === null ? [] : [reason]),
    name: words,
    isOptional: true,
  },
  { label: 'Round', values: ({ round }) => [String(round)], name: (round) => round, isNumeric: true },
  { label: 'Skill', values: ({ skills }) => skills, name: (skill) => excerpt(skill, 60), isOptional: true },
  { label: 'Flag', values: ({ flags }) => flags, name: words, isOptional: true },
];

/**
 * The form; `onChange` gets the examples that match, in the order they came in. `/` anywhere goes to the search. `sort`: the
 * choice of an order, which small screens show.
 */
export function exampleFilters(
  examples: readonly ReportExample[],
  { sort, onChange }: { sort: HTMLSelectElement; onChange: (matches: readonly ReportExample[]) => void },
): { element: HTMLElement } {
  const texts = examples.map(searchable);
  const search = el('input', {
    type: 'search',
    id: 'search',
    placeholder: 'Search all texts',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-keyshortcuts': '/',
  });
  const choices = filters.flatMap((filter) => {
    const select = choice(filter, examples);
    return select === null ? [] : [{ filter, select }];
  });

  function apply(): void {
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = choices.filter(({ select }) => select.value !== '');
    onChange(
      examples.filter(
        (example, index) =>
          terms.every((term) => texts[index]?.includes(term)) &&
          wanted.every(({ filter, select }) => filter.values(example).includes(select.value.slice(1))),
      ),
    );
  }

  function reset(): void {
    search.value = '';
    for (const { select } of choices) select.value = '';
    apply();
  }

  search.addEventListener('input', apply);
  for (const { select } of choices) select.addEventListener('change', apply);
  document.addEventListener('keydown', (event) => {
    const isTyping =
      event.target instanceof HTMLInputElement ||
      event.target instanceof HTMLSelectElement ||
      document.querySelector('dialog[open]') !== null;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
    search.scrollIntoView({ block: 'center' });
  });
  const element = el(
    'form',
    { class: 'filters', role: 'search' },
    field('Search', search, 'field search'),
    ...choices.map(({ filter, select }) => field(filter.label, select)),
    field('Sort by', sort, 'field sort'),
    button('Reset', reset),
  );
  element.addEventListener('submit', (event) => event.preventDefault());
  return { element };
}

function field(label: string, control: HTMLElement, className = 'field'): HTMLElement {
  return el('div', { class: className }, el('label', { for: control.id }, label), control);
}

function searchable({ id, history, instruction, input, output, skills }: ReportExample): string {
  const turns = history.flatMap((turn) => [turn.instruction, turn.response]);
  return [id, ...turns, instruction, input, output, ...skills].join('\n').toLowerCase();
}

/** null: there is nothing to choose between. A value is marked, so that an empty one is not `all`. */
function choice({ label, values, name, isNumeric, isOptional }: Filter, examples: readonly ReportExample[]) {
  const tally = new Map<string, number>();
  for (const example of examples)
    for (const value of values(example)) tally.set(value, (tally.get(value) ?? 0) + 1);
  if (tally.size === 0 || (tally.size === 1 && !isOptional)) return null;
  const sorted = [...tally].sort((a, b) => (isNumeric ? Number(a[0]) - Number(b[0]) : b[1] - a[1]));
  return el(
    'select',
    { id: `filter-${label.toLowerCase()}` },
    el('option', { value: '' }, 'all'),
    ...sorted.map(([value, n]) => el('option', { value: `=${value}` }, `${name(value)} (${count(n)})`)),
  );
}
