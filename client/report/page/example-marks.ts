/** How an example is pointed to, and how its verdict is written. */
import type { ReportExample } from '../report-data.js';
import { type Child, el } from './dom.js';
import { words } from './format.js';

/** Address within the page that opens the example. */
export function addressOf(id: string): string {
  return `#example=${encodeURIComponent(id)}`;
}

export function exampleLink(id: string, label: Child): HTMLAnchorElement {
  return el('a', { href: addressOf(id), dir: 'auto' }, label);
}

export function stateBadge({ state, reason }: Pick<ReportExample, 'state' | 'reason'>): HTMLElement {
  return badge(state, reason === null ? words(state) : `${words(state)}: ${words(reason)}`);
}

export function badge(kind: string, label = kind): HTMLElement {
  return el('span', { class: 'badge', 'data-kind': kind }, label);
}
