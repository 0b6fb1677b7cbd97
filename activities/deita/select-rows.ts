import { type Chosen, chooseRows, type Tau } from '../../methods/deita/choose-rows.js';
import { cosineHistogram } from '../../methods/deita/nearest-cosines.js';
import { byScore } from '../../methods/deita/select.js';
import { readJsonlAt, writeJson, writeJsonl } from '../../store/artifacts.js';
import { needsScores, needsVectors } from '../recipe-deita.js';
import type { ScoredRow, SelectionReport, SelectionRow } from '../rows.js';
import type { Recipe } from '../recipe.js';
import type { Runs } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import { withThresholds } from '../thresholds.js';
import type { Ref, SelectRowsInput, Thresholds } from '../types.js';
import { readRows } from './choose-calls.js';
import { PartVectors } from './part-vectors.js';

/** What the selection knows of all rows; lists are by row. */
interface AllRows {
  ids: string[];
  /** null: missing. Empty where nobody scores. */
  scores: (number | null)[];
  vectors: PartVectors | null;
}

/** Chooses among the rows of all parts, and writes what became of each row and how similar they are. */
export async function selectRows(
  runs: Runs,
  input: SelectRowsInput,
): Promise<{ selection: Ref; selected: number }> {
  const { thresholds = {} } = input;
  const recipe = withThresholds(await runs.recipe(input.run), thresholds);
  const { selection, report } = await selectionOf(runs, { ...input, recipe });
  const files = runFiles(input.run.runId);
  const tau = thresholds['select.tau'];
  if (tau === undefined) await runs.store.remove(files.selectionThresholds);
  else await writeJson(runs.store, files.selectionThresholds, { 'select.tau': tau } satisfies Thresholds);
  await writeJson(runs.store, files.selectionReport, report);
  return {
    selection: await writeJsonl(runs.store, files.selection, selection),
    selected: report.selected,
  };
}

/** The selection among the rows of all parts: a pure function of what lies in the store. */
export async function selectionOf(
  runs: Pick<Runs, 'store'>,
  input: SelectRowsInput & { recipe: Pick<Recipe, 'select' | 'score' | 'seed'> },
): Promise<{ selection: SelectionRow[]; report: SelectionReport }> {
  const { select, seed } = input.recipe;
  if (!select) throw new Error('the recipe selects nothing');
  const { by, size } = select;
  const all: AllRows = { ids: [], scores: [], vectors: needsVectors(by) ? new PartVectors() : null };
  try {
    await readAll(runs, { ...input, all });
    const rows = eligible(all, by);
    const ranked = needsScores(by)
      ? byScore({
          rows,
          score: (row) => all.scores[row] as number,
          compareTies: (a, b) => compareIds(all.ids[a] as string, all.ids[b] as string),
        })
      : rows;
    const { vectors } = all;
    // One row has no neighbour, and a quantile of nothing is none.
    const tau = rows.length < 2 ? { cosine: 1 } : tauOf(select.tau);
    const chosen = last(chooseRows({ by, tau, rows, ranked, vectors, size, seed }));
    const selection = verdicts(all, { by, picks: chosen.picks });
    const ofOtherLength = vectors?.ofOtherLength ?? 0;
    return { selection, report: reportOf({ selection, chosen, size, ofOtherLength }) };
  } finally {
    all.vectors?.close();
  }
}

async function readAll(
  runs: Pick<Runs, 'store'>,
  { run, from, to, recipe, all }: Parameters<typeof selectionOf>[1] & { all: AllRows },
): Promise<void> {
  const { score } = recipe;
  for (let round = from; round <= to; round += 1) {
    const files = roundFiles(run.runId, round);
    const rows = await readRows(runs, { run, round });
    for (const { id } of rows) all.ids.push(id);
    if (score) {
      const scored = await readJsonlAt<ScoredRow>(runs.store, files.scores, { missing: 'empty' });
      for (const [row, { id }] of rows.entries())
        all.scores.push(scored[row]?.id === id ? scored[row].score : null);
    }
    all.vectors?.add((await runs.store.read(files.vectors)) ?? null, {
      rows: rows.length,
      name: files.vectors,
    });
  }
}

function eligible({ ids, scores, vectors }: AllRows, by: Parameters<typeof needsScores>[0]): number[] {
  return Array.from(ids, (_, row) => row).filter(
    (row) => (!needsScores(by) || scores[row] != null) && (!needsVectors(by) || vectors?.has(row) === true),
  );
}

/** `0.9`, or `q0.9` for a quantile. */
export function tauOf(tau: number | string): Tau {
  return typeof tau === 'number' ? { cosine: tau } : { quantile: Number(tau.slice(1)) };
}

/** Whole numbers by their value, before texts by their code units. */
export function compareIds(a: string, b: string): number {
  const [isA, isB] = [/^\d{1,15}$/.test(a), /^\d{1,15}$/.test(b)];
  if (isA !== isB) return isA ? -1 : 1;
  if (isA && Number(a) !== Number(b)) return Number(a) - Number(b);
  return a === b ? 0 : a < b ? -1 : 1;
}

function last<Step, Result>(work: Generator<Step, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

function verdicts(
  all: AllRows,
  { by, picks }: { by: Parameters<typeof needsScores>[0]; picks: Chosen['picks'] },
): SelectionRow[] {
  const ranks = new Map(picks.selected.map((row, place) => [row, place + 1]));
  return all.ids.map((id, row): SelectionRow => {
    const score = all.scores[row] ?? null;
    const rank = ranks.get(row) ?? null;
    const similar = picks.similar.get(row);
    if (rank !== null) return { id, score, verdict: 'selected', rank };
    if (similar) {
      const nearest = { id: all.ids[similar.nearest] as string, cosine: similar.cosine };
      return { id, score, verdict: 'similar', rank, nearest };
    }
    if (needsScores(by) && score === null) return { id, score, verdict: 'score-missing', rank };
    if (needsVectors(by) && all.vectors?.has(row) !== true)
      return { id, score, verdict: 'vector-missing', rank };
    return { id, score, verdict: 'not-reached', rank };
  });
}

function reportOf(options: {
  selection: SelectionRow[];
  chosen: Chosen;
  size: number;
  ofOtherLength: number;
}): SelectionReport {
  const { selection, chosen, size, ofOtherLength } = options;
  const { picks, cosines, tau } = chosen;
  const count = (verdict: SelectionRow['verdict']) =>
    selection.filter((row) => row.verdict === verdict).length;
  const [selected, similar] = [picks.selected.length, picks.similar.size];
  return {
    rows: selection.length,
    selected,
    similar,
    notReached: count('not-reached'),
    scoreMissing: count('score-missing'),
    vectorMissing: count('vector-missing'),
    comparisons: picks.comparisons,
    tau,
    histogram: cosines && { sampled: cosines.length, bins: cosineHistogram(cosines) },
    warning:
      [
        selectionWarning({ size, selected, similar, lookedAt: selected + similar, tau }),
        ofOtherLength > 0
          ? `the vectors of ${ofOtherLength} rows have another length than the first ones and count as missing`
          : null,
      ]
        .filter((part) => part !== null)
        .join('; ') || null,
  };
}

/** What a person should know of a selection; null: nothing. */
export function selectionWarning(found: {
  size: number;
  selected: number;
  similar: number;
  lookedAt: number;
  tau: number | null;
}): string | null {
  const { size, selected, similar, lookedAt, tau } = found;
  const warnings = [];
  if (similar * 2 > lookedAt)
    warnings.push(
      `a tau of ${tau} rejected ${similar} of the ${lookedAt} rows that were looked at: 0.9 belongs to the authors' embedder; look at the histogram, or give a quantile such as q0.9`,
    );
  if (selected < size) warnings.push(`only ${selected} of ${size} rows could be selected`);
  return warnings.length === 0 ? null : warnings.join('; ');
}
