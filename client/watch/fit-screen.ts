/** A view that no terminal is too small for. */
import sliceAnsi from 'slice-ansi';

export interface Screen {
  columns: number;
  rows: number;
}

/** One line of a view. */
export interface ViewLine {
  text: string;
  /** Left out first where there are too few rows; 0 stays as long as anything does. */
  rank: number;
}

/**
 * The lines that fit, each cut to the width. One row stays free for the cursor: a terminal that scrolls while a view is drawn anew
 * would leave pieces of the old one.
 */
export function fitScreen(lines: readonly ViewLine[], { columns, rows }: Screen): string[] {
  const room = Math.max(1, rows - 1);
  const kept = new Set(
    [...lines.keys()].sort((a, b) => rankAt(lines, a) - rankAt(lines, b) || a - b).slice(0, room),
  );
  return lines.flatMap(({ text }, n) => (kept.has(n) ? [cut(text, columns)] : []));
}

function rankAt(lines: readonly ViewLine[], n: number): number {
  return lines[n]?.rank ?? 0;
}

/** Styled text of at most so many columns, `…` at its end when it was longer. */
function cut(text: string, columns: number): string {
  const line = text.replaceAll(/[\n\t]/g, ' ');
  const whole = sliceAnsi(line, 0, columns);
  return whole === line ? line : `${sliceAnsi(line, 0, Math.max(0, columns - 1))}…`;
}
