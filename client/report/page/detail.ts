/** One example with all that is known of it, in a dialog that an address (`#example=ID`) opens. */
import type { ReportData, ReportExample } from '../report-data.js';
import { button, type Child, el, fill, foreign } from './dom.js';
import { addressOf, exampleLink, stateBadge } from './example-marks.js';
import { count, dollars, short, words } from './format.js';

export interface ExampleDialog {
  element: HTMLDialogElement;
  open: (id: string) => void;
  /** What `Next` and `Previous` go through: the rows of the table as it is sorted and filtered. */
  setOrder: (ids: readonly string[]) => void;
  /** Shows what the address asks for, now and whenever it changes. */
  followAddress: () => void;
}

const prefix = '#example=';

export function exampleDialog({ examples, unit }: ReportData): ExampleDialog {
  const byId = new Map(examples.map((example) => [example.id, example]));
  const byAddress = new Map(examples.map(({ id }) => [addressOf(id), id]));
  let order: readonly string[] = examples.map(({ id }) => id);
  let current = '';
  const heading = el('h2', { id: 'detail-title', tabindex: -1 });
  const content = el('div', { class: 'detail' });
  const previous = button('Previous', () => turn(-1));
  const next = button('Next', () => turn(1));
  const element = el(
    'dialog',
    { 'aria-labelledby': heading.id },
    el(
      'header',
      null,
      heading,
      el(
        'div',
        { class: 'buttons' },
        previous,
        next,
        button('Close', () => element.close()),
      ),
    ),
    content,
  );

  function open(id: string): void {
    if (location.hash === addressOf(id)) show(id);
    else location.hash = addressOf(id);
  }

  function show(id: string): void {
    current = id;
    const at = order.indexOf(id);
    previous.disabled = at <= 0;
    next.disabled = at === -1 || at === order.length - 1;
    const example = byId.get(id);
    fill(heading, `${nameOf(example, unit)} `, foreign(id));
    if (example === undefined) fill(content, el('p', null, `This ${unit} is not in the report.`));
    else fill(content, ...parts(example, byId));
    if (!element.open) element.showModal();
    content.scrollTop = 0;
    heading.focus();
  }

  function turn(by: number): void {
    const id = order[order.indexOf(current) + by];
    if (id === undefined) return;
    history.replaceState(null, '', addressOf(id));
    show(id);
  }

  function followAddress(): void {
    const follow = () => {
      if (location.hash.startsWith(prefix)) {
        show(byAddress.get(location.hash) ?? location.hash.slice(prefix.length));
      } else if (element.open) element.close();
    };
    addEventListener('hashchange', follow);
    follow();
  }

  element.addEventListener('close', () => {
    if (location.hash.startsWith(prefix)) history.replaceState(null, '', '#examples');
  });
  element.addEventListener('click', (event) => {
    if (event.target === element) element.close();
  });
  element.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'ArrowLeft') turn(-1);
    if (event.key === 'ArrowRight') turn(1);
  });
  return {
    element,
    open,
    setOrder: (ids) => {
      order = ids;
    },
    followAddress,
  };
}

/** An example is what was accepted. */
function nameOf(example: ReportExample | undefined, unit: ReportData['unit']): string {
  const { state } = example ?? { state: '' };
  if (['dataset', 'surplus', 'accepted'].includes(state)) return 'Example';
  return unit === 'row' || state === 'given' ? 'Row' : 'Candidate';
}

function parts(example: ReportExample, byId: ReadonlyMap<string, ReportExample>): Child[] {
  const { history, instruction, input, output, isCut, seeds, calls, review } = example;
  return [
    el('p', { class: 'state' }, stateBadge(example)),
    ...history.flatMap((turn) => [text('Earlier turn', turn.instruction), text('Its answer', turn.response)]),
    text('Instruction', instruction),
    input !== '' && text('Input', input),
    text('Output', output),
    isCut && el('p', { class: 'note' }, 'A text is cut here; `seedmill show` has all of it.'),
    facts(example),
    nearest(example, byId),
    review !== null &&
      block(
        'Review',
        el('p', null, review.verdict, ' by ', foreign(review.by)),
        review.note !== null && el('p', { class: 'text', dir: 'auto' }, review.note),
      ),
    seeds.length > 0 &&
      block(
        'Seeds in its prompt',
        el(
          'ul',
          { class: 'seeds' },
          ...seeds.map(({ id, text }) =>
            el(
              'li',
              null,
              foreign(text),
              ' ',
              byId.has(id) ? exampleLink(id, foreign(id, 'id')) : foreign(id, 'id'),
            ),
          ),
        ),
      ),
    calls.length > 0 && block('Calls', el('ol', { class: 'calls' }, ...calls.map(callItem))),
  ];
}

function callItem(call: ReportExample['calls'][number]): HTMLElement {
  const { key, phase, teacher, model, template, promptTokens, completionTokens, costUsd } = call;
  const cost = costUsd === null ? 'price unknown' : dollars(costUsd);
  return el(
    'li',
    null,
    el('strong', null, phase),
    ' by ',
    foreign(teacher),
    ' (',
    foreign(model),
    `), template ${template}: ${count(promptTokens)} tokens in the prompt, ${count(completionTokens)} in the answer, ${cost}`,
    el('span', { class: 'id key' }, key === null ? 'not answered' : key),
  );
}

function block(title: string, ...children: readonly Child[]): HTMLElement {
  return el('section', null, el('h3', null, title), ...children);
}

function text(title: string, value: string): HTMLElement {
  return block(title, el('p', { class: 'text', dir: 'auto' }, value === '' ? '(empty)' : value));
}

function facts({ round, batch, complexity, quality, skills, flags }: ReportExample): HTMLElement {
  const fact = (name: string, value: Child) =>
    value !== null && el('div', null, el('dt', null, name), el('dd', null, value));
  return el(
    'dl',
    { class: 'facts' },
    fact('Round', String(round)),
    fact('Batch', batch),
    fact('Complexity', complexity === null ? null : short(complexity)),
    fact('Quality', quality === null ? null : short(quality)),
    fact('Skills', tags(skills)),
    fact('Flags', tags(flags.map(words))),
  );
}

function tags(names: readonly string[]): HTMLElement | null {
  if (names.length === 0) return null;
  return el('ul', { class: 'tags' }, ...names.map((name) => el('li', null, foreign(name))));
}

function nearest(
  { similarity, nearestId }: ReportExample,
  byId: ReadonlyMap<string, ReportExample>,
): HTMLElement | null {
  if (similarity === null && nearestId === null) return null;
  const other = nearestId === null ? undefined : byId.get(nearestId);
  return block(
    'Nearest',
    el(
      'p',
      null,
      similarity === null ? '' : `Similarity ${short(similarity)} with `,
      nearestId === null
        ? 'nothing'
        : other
          ? exampleLink(nearestId, foreign(nearestId, 'id'))
          : foreign(nearestId, 'id'),
    ),
    other && el('p', { class: 'text', dir: 'auto' }, other.instruction),
  );
}
