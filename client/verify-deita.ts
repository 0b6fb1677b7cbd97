/** What DEITA's stages left in a run's store, computed once more from the answers. */
import { readRows } from '../activities/deita/choose-calls.js';
import { scoredPart } from '../activities/deita/export-rows.js';
import { scoredRows } from '../activities/deita/gather-scores.js';
import { selectionOf } from '../activities/deita/select-rows.js';
import type { RunResult } from '../activities/export-dataset.js';
import type { ScoredRow, SelectionRow } from '../activities/rows.js';
import { selects } from '../activities/recipe-deita.js';
import type { StoredRecipe } from '../activities/run-data.js';
import { roundFiles, runFiles } from '../activities/run-files.js';
import { withThresholds } from '../activities/thresholds.js';
import type { Thresholds } from '../activities/types.js';
import type { ConversationRow } from '../activities/student-messages.js';
import { readJsonIfAny, readJsonl, readJsonlAt } from '../store/artifacts.js';
import { canonicalJson } from '../store/canonical-json.js';
import { CorruptDataError } from '../store/errors.js';
import type { Store } from '../store/types.js';
import { compareRows } from './compare-rows.js';

interface VerifiedRun {
  store: Store;
  runId: string;
  recipe: StoredRecipe;
  rounds: number;
}

interface LineageRow {
  id: string;
  scored?: ScoredRow;
  selection?: SelectionRow;
}

/** Scores are what the answers say, the selection is what they lead to, and every row is in the dataset or in the surplus. */
export async function verifyStages(
  verified: VerifiedRun,
  result: RunResult,
): Promise<{ problems: string[]; selected: number | null; rows: ConversationRow[] }> {
  const { store, runId, recipe, rounds } = verified;
  const at = (round: number) => ({ run: { runId, storeUrl: store.url, storeId: '' }, round });
  const problems: string[] = [];
  const rows: ConversationRow[] = [];
  /** Rows of each part. */
  const sizes: number[] = [];
  let first = 0;
  // Also parts that a cancelled run has not come to.
  for (let round = 1; ; round += 1) {
    const part = await readRows({ store }, at(round));
    if (part.length === 0 && (first > 0 || round >= rounds)) break;
    if (part.length === 0) continue;
    if (first === 0) first = round;
    rows.push(...part);
    sizes.push(part.length);
    const kept = await readJsonlAt<ScoredRow>(store, roundFiles(runId, round).scores, { missing: 'empty' });
    const expected = await scoredRows({ store }, { at: at(round), recipe, rows: part });
    // A cancelled run may end before a part was gathered.
    if (kept.length === 0 && result.state === 'cancelled') continue;
    for (const problem of compareRows(kept, expected, 'scores are not what the answers say'))
      problems.push(`round ${round}: ${problem}`);
  }
  const selection = await readJsonlAt<SelectionRow>(store, runFiles(runId).selection, { missing: 'empty' });
  if (!selects(recipe.select) || (selection.length === 0 && result.state === 'cancelled'))
    return { problems, selected: null, rows };
  const to = first === 0 ? rounds : first - 1 + partsSeen(sizes, selection.length);
  const thresholds = await readJsonIfAny<Thresholds>(store, runFiles(runId).selectionThresholds);
  const inForce = withThresholds(recipe, thresholds ?? {});
  const expected = await selectionOf({ store }, { run: at(1).run, from: first || 1, to, recipe: inForce });
  const words = 'rows are not what scores and vectors lead to';
  for (const problem of compareRows(selection, expected.selection, words))
    problems.push(`selection.jsonl: ${problem}`);
  return { problems, selected: expected.report.selected, rows };
}

/** Parts that the selection has seen: all of them, unless the run was cancelled before the last one. */
function partsSeen(sizes: readonly number[], selected: number): number {
  let seen = 0;
  const unseen = sizes.findIndex((size) => {
    const isSeen = seen < selected;
    seen += size;
    return !isSeen;
  });
  return unseen < 0 ? sizes.length : unseen;
}

/** The dataset of a run on given rows. */
export async function verifyRowDataset(
  verified: VerifiedRun,
  result: RunResult,
): Promise<{ examples: number; surplus: number; problems: string[] }> {
  const { store, recipe, rounds, runId } = verified;
  const { problems, selected, rows } = await verifyStages(verified, result);
  const folder = result.dataset.dataset;
  try {
    const train = await readJsonl<{ messages: { content: string }[] }>(store, result.dataset.train);
    const surplus = await readJsonl<LineageRow>(store, result.dataset.surplus);
    const lineage = await readJsonlAt<LineageRow>(store, `${folder}/lineage.jsonl`);
    const known = new Map(rows.map((row) => [row.id, row]));
    const changed = lineage.filter(({ id }, at) => !isSame(known.get(id), train[at]?.messages)).length;
    const ids = new Set([...lineage, ...surplus].map(({ id }) => id));
    const expected = selects(recipe.select) ? (selected ?? 0) : rows.length;
    if (train.length !== expected)
      problems.push(`train.jsonl has ${train.length} rows, expected ${expected}`);
    if (lineage.length !== train.length)
      problems.push(`lineage.jsonl has ${lineage.length} rows, not ${train.length}`);
    if (changed > 0) problems.push(`${changed} rows of train.jsonl are not those that were given`);
    if (ids.size !== rows.length || lineage.length + surplus.length !== rows.length)
      problems.push(`${rows.length} rows were given, ${ids.size} are in the dataset or in surplus`);
    if (recipe.score) problems.push(...(await verifyScoredParts({ store, folder, runId, rounds })));
    return { examples: train.length, surplus: surplus.length, problems };
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return { examples: 0, surplus: 0, problems: [...problems, error.message] };
  }
}

/** The scores beside the rows as they were given. */
async function verifyScoredParts(options: {
  store: Store;
  folder: string;
  runId: string;
  rounds: number;
}): Promise<string[]> {
  const { store, folder, runId, rounds } = options;
  const problems: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const scores = await readJsonlAt<ScoredRow>(store, roundFiles(runId, round).scores, { missing: 'empty' });
    if (scores.length === 0) continue;
    const name = `${folder}/${scoredPart(round)}`;
    const rows = await readJsonlAt<Record<string, unknown>>(store, name);
    const changed = scores.filter(({ complexity, quality }, at) => {
      const { evol_instruction_score: one, evol_response_score: other } = rows[at] ?? {};
      return (
        canonicalJson([one ?? null].flat()) !== canonicalJson(complexity) ||
        canonicalJson([other ?? null].flat()) !== canonicalJson(quality)
      );
    });
    if (changed.length > 0) problems.push(`${name}: ${changed.length} rows have other scores`);
  }
  return problems;
}

function isSame(row: ConversationRow | undefined, messages: { content: string }[] | undefined): boolean {
  const said = row?.turns.flatMap(({ instruction, response }) => [instruction, response]);
  return canonicalJson(said ?? null) === canonicalJson(messages?.map(({ content }) => content) ?? []);
}
