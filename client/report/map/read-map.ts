/** A map of a run's rows: of their vectors where a model has made some, else of their words. */
import type { StoredRecipe } from '../../../activities/run-data.js';
import type { Candidate } from '../../../activities/types.js';
import { cut, pointCharacters, tableCharacters } from '../cut.js';
import { textOfRow } from '../example-drafts.js';
import type { ReportMap } from '../report-data.js';
import type { StageRow } from '../run-rows.js';
import { SeededSample } from '../seeded-sample.js';
import { centredVectors } from './matrix.js';
import { placePoints } from './place-points.js';
import { weighedWords } from './words.js';

type Point = Omit<ReportMap['points'][number], 'x' | 'y'>;

/** Points of a map, rejected ones among them. */
const mostPoints = 2_000;
const mostRejected = 500;

/** Draws the points in one pass over candidates and rows. */
export class MapSample {
  readonly #embedded: SeededSample<Point & { vector: Float32Array }>;
  readonly #kept: SeededSample<Point & { words: string }>;
  readonly #rejected: SeededSample<Point & { words: string }>;
  #withoutText = 0;

  constructor(seed: string) {
    this.#embedded = new SeededSample({ size: mostPoints, seed });
    this.#kept = new SeededSample({ size: mostPoints, seed });
    this.#rejected = new SeededSample({ size: mostRejected, seed });
  }

  addCandidate(candidate: Candidate): void {
    const { id, round, verdict, instruction, input, output } = candidate;
    // What could not be parsed has no words.
    if (instruction === '') {
      this.#withoutText += 1;
      return;
    }
    const sample = verdict.state === 'rejected' ? this.#rejected : this.#kept;
    sample.offer(id, () =>
      wordPoint(
        { id, round, group: groupOf(candidate) },
        [instruction, input, output].filter(Boolean).join('\n\n'),
      ),
    );
  }

  /** `isGiven`: it is no candidate that was seen before. */
  addRow({ row, round, vector, selection }: StageRow, { isGiven }: { isGiven: boolean }): void {
    const { id } = row;
    const group = selection?.verdict ?? 'given';
    if (vector)
      this.#embedded.offer(id, () => ({
        ...{ id, round, group },
        text: cut(textOfRow(row), pointCharacters),
        // The matrix that it is a view of belongs to a whole round.
        vector: vector.slice(),
      }));
    if (isGiven) this.#kept.offer(id, () => wordPoint({ id, round, group }, textOfRow(row)));
  }

  /** null: fewer than two rows, or nothing that tells them apart. `of`: how many there are. */
  result(recipe: StoredRecipe): { map: ReportMap; of: number } | null {
    return this.#vectorMap(recipe) ?? this.#wordMap(recipe);
  }

  #vectorMap({ select, student, endpoints }: StoredRecipe): { map: ReportMap; of: number } | null {
    const rows = this.#embedded.rows();
    const dimensions = rows[0]?.vector.length;
    // An embedder that changed behind its name.
    const alike = rows.filter(({ vector }) => vector.length === dimensions);
    const placed = placePoints(centredVectors(alike.map(({ vector }) => vector)));
    if (placed === null) return null;
    const embedder = select?.embedder ?? 'student';
    const model = embedder === 'student' ? student.model : (endpoints[embedder]?.model ?? embedder);
    const points = alike.map(({ vector: _vector, ...point }, n) => placedAt(point, placed.places[n]));
    const { seen } = this.#embedded;
    const all = this.#kept.seen + this.#rejected.seen + this.#withoutText;
    const missing = { count: all - seen, what: 'vector' } as const;
    return { map: { by: placed.by, of: `embeddings by ${model}`, missing, points }, of: seen };
  }

  #wordMap({ filter }: StoredRecipe): { map: ReportMap; of: number } | null {
    const rejected = this.#rejected.rows();
    const rows = [...this.#kept.rows(mostPoints - rejected.length), ...rejected];
    const texts = rows.map(({ words }) => words);
    const placed = placePoints(weighedWords(texts, filter.tokens));
    if (placed === null) return null;
    const points = rows.map(({ words: _words, ...point }, n) => placedAt(point, placed.places[n]));
    const of = 'words of instruction and answer (TF-IDF): no model has embedded these rows';
    const missing = { count: this.#withoutText, what: 'text' } as const;
    return { map: { by: placed.by, of, missing, points }, of: this.#kept.seen + this.#rejected.seen };
  }
}

/** What its colour tells: the query type, the way of evolving, or what became of it. */
function groupOf({ mix, evolution, verdict }: Candidate): string {
  if (mix) return mix.queryType;
  if (evolution) return evolution.strategy;
  if (verdict.state !== 'rejected') return verdict.state;
  return verdict.reason === 'similar' ? 'rejected: similar' : 'rejected: other reasons';
}

function wordPoint(point: Omit<Point, 'text'>, text: string): Point & { words: string } {
  return { ...point, text: cut(text, pointCharacters), words: cut(text, tableCharacters) };
}

function placedAt(point: Point, [x, y]: [number, number] = [0, 0]): ReportMap['points'][number] {
  return { ...point, x, y };
}
