/** Rows of the report's table: what became of each example, its batch, and the texts of its seeds. */
import type { RunResult } from '../../activities/export-dataset.js';
import { selects } from '../../activities/recipe-deita.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { eachRow } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import type { ExampleDraft } from './example-drafts.js';
import type { ReportExample } from './report-data.js';

/** What decides where an example is, besides itself. */
export interface Outcome {
  recipe: StoredRecipe;
  /** null: the run has not ended. */
  result: RunResult | null;
  /** A selection was made. */
  hasSelection: boolean;
  /** Of evolution: `origin variant` of those that are in the dataset. */
  best: ReadonlySet<string>;
}

export function finishExample(
  draft: ExampleDraft,
  {
    outcome,
    texts,
    batches,
  }: { outcome: Outcome; texts: ReadonlyMap<string, string>; batches: ReadonlyMap<string, string> },
): ReportExample {
  const { example, seedIds } = draft;
  return {
    ...example,
    ...placeOf(draft, outcome),
    batch: batches.get(example.id) ?? null,
    seeds: seedIds.map((id) => ({ id, text: texts.get(id) ?? '' })),
  };
}

/** As the export places examples: the first ones that were accepted, in call order, or those that were selected. */
function placeOf(draft: ExampleDraft, outcome: Outcome): Pick<ReportExample, 'state' | 'reason'> {
  const { verdict, ordinal, selection, evolved } = draft;
  const { recipe, result, hasSelection, best } = outcome;
  if (verdict !== null && verdict.state === 'rejected') return { state: 'rejected', reason: verdict.reason };
  if (evolved !== null) return { state: evolvedState(evolved, { result, best }), reason: null };
  if (verdict !== null && verdict.state === 'undecided') return { state: 'undecided', reason: null };
  if (result === null) return { state: verdict === null ? 'undecided' : 'accepted', reason: null };
  if (selection !== null && selection.verdict !== 'selected')
    return { state: 'not-selected', reason: selection.verdict };
  if (selection !== null) return { state: 'dataset', reason: null };
  // A run on given rows that was cancelled before its selection keeps none of them.
  if (verdict === null) return { state: selects(recipe.select) ? 'surplus' : 'dataset', reason: null };
  const isFirst = !hasSelection && ordinal !== null && ordinal < result.dataset.train.count;
  return { state: isFirst ? 'dataset' : 'surplus', reason: null };
}

function evolvedState(
  { origin, variant }: NonNullable<ExampleDraft['evolved']>,
  { result, best }: Pick<Outcome, 'result' | 'best'>,
): string {
  if (best.has(`${origin} ${variant}`)) return 'dataset';
  if (variant === 0) return 'given';
  return result === null ? 'undecided' : 'accepted';
}

/** Of evolution: which variant of each origin is in the dataset. */
export async function bestVariants(store: Store, runId: string): Promise<Set<string>> {
  const name = runFiles(runId).dataset('lineage.jsonl');
  const bytes = await store.read(name);
  const best = new Set<string>();
  if (bytes === undefined) return best;
  for (const { origin, variant } of eachRow<{ origin: string; variant: number }>(bytes, name))
    best.add(`${origin} ${variant}`);
  return best;
}
