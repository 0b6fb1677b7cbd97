import { agreement, scoreHistogram } from '../../methods/deita/calibration.js';
import type { ConversationTurn } from '../../methods/conversation-row.js';
import { type StatedOrigin, statedOrigin } from '../../methods/stated-origin.js';
import { JsonlBytes, readJson, readJsonlAt, writeJson, writeJsonl } from '../../store/artifacts.js';
import { JsonArrayBytes } from '../json-array.js';
import type { RunResult } from '../export-dataset.js';
import { selects } from '../recipe-deita.js';
import type { OriginalRow, ScoredRow, SelectionRow } from '../rows.js';
import type { Runs } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { ConversationRow } from '../student-messages.js';
import type { ExportInput, ExportResult } from '../types.js';
import { readRows } from './choose-calls.js';

type Four<T> = [T, T, T, T];

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
  const selected = selects(recipe.select);
  // Bytes, not rows: there may be hundreds of thousands.
  const [train, whole, lineage, surplus] = [1, 2, 3, 4].map(() => new JsonlBytes()) as Four<JsonlBytes>;
  const alpaca = new JsonArrayBytes();
  const scores: ScoredRow[] = [];
  // Also rows that a cancelled run has not come to.
  for (let round = 1; ; round += 1) {
    const known = await readRound(runs, { run, round, selections });
    if (known.length === 0) break;
    if (known.some(({ scored }) => scored !== null)) {
      await writeJsonl(runs.store, files.dataset(scoredPart(round)), known.map(withScores));
    }
    for (const one of known) {
      if (one.scored) scores.push(one.scored);
      const described = { run: run.runId, method: recipe.method, ...lineageOf(one, recipe.provenance) };
      if (selected && one.selection?.verdict !== 'selected') {
        surplus.add(described);
        continue;
      }
      train.add(toMessages(one));
      alpaca.add(toAlpaca(one));
      lineage.add(described);
      if (selected) whole.add(withScores(one));
    }
  }
  const file = (name: string) => files.dataset(name);
  const dataset = {
    dataset: `${run.runId}/dataset`,
    train: await train.write(runs.store, file('train.jsonl')),
    surplus: await surplus.write(runs.store, file('surplus.jsonl')),
  };
  await lineage.write(runs.store, file('lineage.jsonl'));
  await runs.store.write(file('alpaca.json'), alpaca.bytes());
  if (selected) await whole.write(runs.store, file('selected.jsonl'));
  await exportReports(runs, { runId: run.runId, scores });
  await writeJson(runs.store, files.dataset('recipe.json'), await readJson(runs.store, files.recipe));
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
function toAlpaca({ row: { turns } }: KnownRow) {
  const last = turns.at(-1) as ConversationTurn;
  const history = turns.slice(0, -1).map(({ instruction, response }) => [instruction, response]);
  const entry = { instruction: last.instruction, input: '', output: last.response };
  return history.length > 0 ? { ...entry, history } : entry;
}

function lineageOf({ row, original, scored, selection }: KnownRow, ofFile: StatedOrigin | undefined) {
  return {
    id: row.id,
    row: original.row,
    ...statedOrigin(original.example, ofFile),
    ...(scored && { scored }),
    ...(selection && { selection }),
  };
}
