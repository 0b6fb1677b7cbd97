/** Elements without HTML: every text is set as text, cleaned of what could turn its direction around. */
import { cleanText } from '../../../methods/text.js';

export type Child = Node | string | number | null | undefined | false;
export type Attributes = Record<string, string | number | boolean | null | undefined>;

/** An element. An attribute that is null, undefined or false is left out; true gives an empty one. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes | null,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  add(element, children);
  return element;
}

/** Replaces what is in an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  add(element, children);
}

function add(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : cleanText(String(child)));
  }
}

/** Text that a teacher wrote, in its own direction. */
export function foreign(text: string, className = 'foreign'): HTMLElement {
  return el('span', { class: className, dir: 'auto' }, text);
}

export function button(label: string, onPress: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = el('button', { type: 'button', ...attributes }, label);
  element.addEventListener('click', onPress);
  return element;
}

/** A table whose first column heads its rows; numbers stand to the right. */
export function plainTable(head: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  const heading = (name: string, column: number) => {
    const isNumber = rows.some((row) => typeof row[column] === 'number');
    return el('th', { scope: 'col', class: isNumber ? 'number' : null }, name);
  };
  const cell = (child: Child) =>
    el('td', { class: typeof child === 'number' ? 'number' : null }, shown(child));
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Table: ${head.join(', ')}` },
    el(
      'table',
      { class: 'plain' },
      el('thead', null, el('tr', null, ...head.map(heading))),
      el('tbody', null, ...rows.map((row) => el('tr', null, ...row.map(cell)))),
    ),
  );
}

function shown(child: Child): Child {
  if (typeof child !== 'number') return child ?? '–';
  return child.toLocaleString('en-US', Number.isInteger(child) ? {} : { maximumSignificantDigits: 4 });
}
