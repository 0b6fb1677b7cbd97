/** A part of the page with a heading, which the page's navigation leads to. */
import { type Child, el } from './dom.js';

export interface Section {
  id: string;
  /** In the navigation. */
  label: string;
  element: HTMLElement;
}

export function section(
  { id, label, title = label }: { id: string; label: string; title?: string },
  ...children: readonly Child[]
): Section {
  const heading = el('h2', { id: `${id}-title` }, title);
  return { id, label, element: el('section', { id, 'aria-labelledby': heading.id }, heading, ...children) };
}
