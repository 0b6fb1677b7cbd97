import { agreement, scoreHistogram } from '../../methods/deita/calibration.js';
import type { ConversationTurn } from '../../methods/conversation-row.js';
import { readJson, readJsonlAt, writeJson, writeJsonl } from '../../store/artifacts.js';
import type { RunResult } from '../export-dataset.js';
import { selects } from '../recipe-deita.js';
import type { OriginalRow, ScoredRow, SelectionRow } from '../rows.js';
import type { Runs } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { ConversationRow } from '../student-messages.js';
import type { ExportInput, ExportResult } from '../types.js';
import { readRows } from './choose-calls.js';

/** A row with everything that is known of it. */
interface KnownRow {
  row: ConversationRow;
  original: OriginalRow;
  scored: ScoredRow | null;
  selection: SelectionRow | null;
}

/**
 * Writes the dataset of a run on given rows: those that were selected, or all of them where nothing was to be selected, in the
 * order of their file; `scored/` has every row with its scores, `surplus.jsonl` says why the others are not in.
 */
export async function exportRows(runs: Runs, input: ExportInput): Promise<ExportResult> {
  const { run } = input;
  const files = runFiles(run.runId);
  const recipe = await runs.recipe(run);
  const selections = await readSelections(runs, run.runId);
  const kept: KnownRow[] = [];
  const others: KnownRow[] = [];
  const scores: ScoredRow[] = [];
  // Also rows that a cancelled run has not come to.
  for (let round = 1; ; round += 1) {
    const known = await readRound(runs, { run, round, selections });
    if (known.length === 0) break;
    if (known.some(({ scored }) => scored !== null)) {
      await writeJsonl(runs.store, files.dataset(scoredPart(round)), known.map(withScores));
    }
    for (const row of known) {
      const isKept = selects(recipe.select) ? row.selection?.verdict === 'selected' : true;
      (isKept ? kept : others).push(row);
      if (row.scored) scores.push(row.scored);
    }
  }
  const train = await writeJsonl(runs.store, files.dataset('train.jsonl'), kept.map(toMessages));
  await writeJsonl(runs.store, files.dataset('selected.jsonl'), kept.map(withScores));
  await runs.store.write(files.dataset('alpaca.json'), alpacaOf(kept));
  const lineage = ({ row, original, scored, selection }: KnownRow) => ({
    run: run.runId,
    method: recipe.method,
    id: row.id,
    row: original.row,
    ...(scored && { scored }),
    ...(selection && { selection }),
  });
  await writeJsonl(runs.store, files.dataset('lineage.jsonl'), kept.map(lineage));
  const surplus = await writeJsonl(runs.store, files.dataset('surplus.jsonl'), others.map(lineage));
  await exportReports(runs, { runId: run.runId, scores });
  await writeJson(runs.store, files.dataset('recipe.json'), await readJson(runs.store, files.recipe));
  const dataset = { dataset: `${run.runId}/dataset`, train, surplus };
  const { state, stopReason, rounds } = input;
  const result: RunResult = { state, stopReason, rounds, dataset };
  await writeJson(runs.store, files.result, result);
  return dataset;
}

/** Every row of a part with its scores: `scored/part-001.jsonl`. */
export function scoredPart(part: number): string {
  return `scored/part-${String(part).padStart(3, '0')}.jsonl`;
}

/** By row; none where nothing was selected, or a cancelled run did not come to it. */
export async function readSelections(
  runs: Pick<Runs, 'store'>,
  runId: string,
): Promise<Map<string, SelectionRow>> {
  const file = runFiles(runId).selection;
  const rows = await readJsonlAt<SelectionRow>(runs.store, file, { missing: 'empty' });
  return new Map(rows.map((row) => [row.id, row]));
}

/** `calibration.json` and `selection.json`, for people: how scores and cosines are spread. */
export async function exportReports(
  runs: Runs,
  { runId, scores }: { runId: string; scores: readonly ScoredRow[] },
): Promise<void> {
  const files = runFiles(runId);
  if (scores.length > 0)
    await writeJson(runs.store, files.dataset('calibration.json'), calibrationOf(scores));
  const report = await runs.store.read(files.selectionReport);
  if (report !== undefined) await runs.store.write(files.dataset('selection.json'), report);
}

/** How the scores are spread, and how far the scorer agrees with itself where it scored twice. */
export function calibrationOf(scores: readonly ScoredRow[]) {
  const ofAspect = (aspect: 'complexity' | 'quality') => {
    const first = scores.flatMap((row) => row[aspect]);
    const pairs = scores.flatMap((row) =>
      (row.again?.[aspect] ?? []).map((again, turn) => [row[aspect][turn] ?? null, again] as const),
    );
    return {
      histogram: scoreHistogram(first.filter((score) => score !== null)),
      missing: first.filter((score) => score === null).length,
      agreement: agreement(
        pairs.filter((pair): pair is [number, number] => pair[0] !== null && pair[1] !== null),
      ),
    };
  };
  return { complexity: ofAspect('complexity'), quality: ofAspect('quality') };
}

async function readRound(
  runs: Runs,
  options: { run: ExportInput['run']; round: number; selections: Map<string, SelectionRow> },
): Promise<KnownRow[]> {
  const { run, round, selections } = options;
  const files = roundFiles(run.runId, round);
  const rows = await readRows(runs, { run, round });
  const originals = await readJsonlAt<OriginalRow>(runs.store, files.originals, { missing: 'empty' });
  const scored = await readJsonlAt<ScoredRow>(runs.store, files.scores, { missing: 'empty' });
  return rows.map((row, at) => {
    const original = originals[at];
    if (!original) throw new Error(`${files.originals} has fewer rows than ${files.rows}`);
    return { row, original, scored: scored[at] ?? null, selection: selections.get(row.id) ?? null };
  });
}

/** The row as it was given, with its scores under distilabel's names, by which `seedmill select` finds them. */
export function withScores({ original: { example }, scored }: Pick<KnownRow, 'original' | 'scored'>) {
  return scored === null ? example : { ...example, ...scoreFields(scored) };
}

/** A number for a single turn, a list for several. */
export function scoreFields({ complexity, quality }: Pick<ScoredRow, 'complexity' | 'quality'>) {
  return {
    evol_instruction_score: complexity.length === 1 ? complexity[0] : complexity,
    evol_response_score: quality.length === 1 ? quality[0] : quality,
  };
}

/** OpenAI's fine-tuning format, all turns of it. */
function toMessages({ row: { turns } }: KnownRow) {
  return {
    messages: turns.flatMap(({ instruction, response }) => [
      { role: 'user', content: instruction },
      { role: 'assistant', content: response },
    ]),
  };
}

/** Alpaca's keys; earlier turns under `history`, as LLaMA-Factory reads them. */
function alpacaOf(rows: readonly KnownRow[]): Buffer {
  const entries = rows.map(({ row: { turns } }) => {
    const last = turns.at(-1) as ConversationTurn;
    const history = turns.slice(0, -1).map(({ instruction, response }) => [instruction, response]);
    const entry = { instruction: last.instruction, input: '', output: last.response };
    return JSON.stringify(history.length > 0 ? { ...entry, history } : entry, null, 2);
  });
  const parts = entries.map((entry, at) =>
    Buffer.from(`${at === 0 ? '[\n  ' : ',\n  '}${entry.replaceAll('\n', '\n  ')}`),
  );
  return parts.length === 0 ? Buffer.from('[]\n') : Buffer.concat([...parts, Buffer.from('\n]\n')]);
}
