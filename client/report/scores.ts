/** DEITA's scores of rows, and which of them were selected. */
import { cut, pointCharacters } from './cut.js';
import { meanScore, textOfRow } from './example-drafts.js';
import type { ReportScores } from './report-data.js';
import type { StageRow } from './run-rows.js';
import { SeededSample } from './seeded-sample.js';

type Point = ReportScores['points'][number];

/** Of selected rows and of others: a share of all would show hardly any of the selected ones. */
const mostPoints = 1_500;

/** Draws the points of the scatter in one pass over the rows. */
export class ScoreSample {
  readonly #selected: SeededSample<Point>;
  readonly #others: SeededSample<Point>;
  #hasSelection = false;

  constructor(seed: string) {
    this.#selected = new SeededSample({ size: mostPoints, seed });
    this.#others = new SeededSample({ size: mostPoints, seed });
  }

  add({ row, scored, selection }: StageRow): void {
    if (selection !== null) this.#hasSelection = true;
    const complexity = meanScore(scored, 'complexity');
    const quality = meanScore(scored, 'quality');
    if (scored === null || scored.score === null || complexity === null || quality === null) return;
    const selected = selection?.verdict === 'selected';
    (selected ? this.#selected : this.#others).offer(row.id, () => ({
      id: row.id,
      complexity,
      quality,
      selected,
      text: cut(textOfRow(row), pointCharacters),
    }));
  }

  /** null: nothing was scored. `selected` and `others`: how many there are. */
  result(): { scores: ReportScores; selected: number; others: number } | null {
    const [selected, others] = [this.#selected.seen, this.#others.seen];
    if (selected + others === 0) return null;
    const points = [...this.#selected.rows(), ...this.#others.rows()];
    return { scores: { points, hasSelection: this.#hasSelection }, selected, others };
  }
}
