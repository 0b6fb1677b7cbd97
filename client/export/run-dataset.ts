/** The dataset of a run that has ended, row by row, with what is known of each row. */
import type { Place, RunResult } from '../../activities/export-dataset.js';
import type { VariantRow } from '../../activities/deita/export-evolution.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import type { ScoredRow } from '../../activities/rows.js';
import { runFiles } from '../../activities/run-files.js';
import type { Candidate } from '../../activities/types.js';
import type { PreferencePair } from '../../methods/deita/preference-pairs.js';
import type { StatedOrigin } from '../../methods/stated-origin.js';
import { oneLine } from '../../methods/text.js';
import { eachRow, readJson, readReferenced } from '../../store/artifacts.js';
import { CorruptDataError, UserError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';
import type { RunManifest } from '../run-identity.js';
import { readStatus, type StatusReport } from '../status.js';

export interface Message {
  role: string;
  content: string;
}

/** A row of the dataset in every form that a format may want. */
export interface ExportRow {
  id: string;
  /** Turns of a person and of an assistant, in pairs. */
  messages: Message[];
  /** The last turn, as Alpaca puts it. */
  instruction: string;
  input: string;
  output: string;
  /** The turns before it: questions and answers. */
  history: [string, string][];
  /** null: it is in no batch. */
  round: number | null;
  batch: string | null;
  lineage: LineageRow;
}

/** What `lineage.jsonl` says of a row: a candidate's, a given row's, or an evolved one's. */
export type LineageRow = Partial<
  Pick<
    Candidate,
    'id' | 'instruction' | 'input' | 'output' | 'calls' | 'seedIds' | 'mix' | 'review' | 'flags'
  > &
    Pick<VariantRow, 'origin' | 'variant' | 'strategy' | 'score'> & {
      place: Place;
      scored: ScoredRow;
      seedSources: string[];
      seedLicences: string[];
    } & StatedOrigin
>;

export interface RunDataset {
  runId: string;
  recipe: StoredRecipe;
  manifest: RunManifest;
  status: StatusReport;
  result: RunResult;
  count: number;
  /** From the first row on, as often as it is asked for. */
  rows(): Iterable<ExportRow>;
  /** Of evolved responses; null where the run makes none. */
  pairs(): Iterable<PreferencePair> | null;
}

/**
 * Opens what a run has written.
 * @throws UserError for a run that is not there, has not ended, or has no examples; CorruptDataError for changed files.
 */
export async function openDataset(store: Store, runId: string): Promise<RunDataset> {
  const status = await readStatus(store, runId);
  const files = runFiles(runId);
  if (status.dataset === null) throw new UserError(withoutDataset(status));
  const result = await readJson<RunResult>(store, files.result);
  const recipe = await readJson<StoredRecipe>(store, files.recipe);
  if (result.dataset.train.count === 0) throw new UserError(withoutExamples(runId, { recipe, status }));
  const train = await readReferenced(store, result.dataset.train);
  const lineageFile = files.dataset('lineage.jsonl');
  const lineage = await store.read(lineageFile);
  if (!lineage) throw new CorruptDataError(`${lineageFile} is missing in ${store.url}`);
  const pairsFile = files.dataset('dpo.jsonl');
  const pairs = await store.read(pairsFile);
  return {
    runId,
    recipe,
    manifest: await readJson<RunManifest>(store, files.manifest),
    status,
    result,
    count: result.dataset.train.count,
    *rows() {
      const known = eachRow<LineageRow>(lineage, lineageFile);
      for (const { messages } of eachRow<{ messages: Message[] }>(train, result.dataset.train.uri)) {
        const { value } = known.next();
        if (!value)
          throw new CorruptDataError(`${lineageFile} has fewer rows than ${result.dataset.train.uri}`);
        yield exportRow(messages, value);
      }
    },
    pairs: () => (pairs ? eachRow<PreferencePair>(pairs, pairsFile) : null),
  };
}

function withoutDataset({ runId, state, stopReason }: StatusReport): string {
  if (state === 'failed')
    return `${runId} has failed and written no dataset (${oneLine(stopReason ?? 'no reason recorded')}): the command that started it starts it again from the store`;
  return (
    `${runId} has not ended (${state}): its dataset is written at its end. ` +
    `"seedmill watch ${runId}" follows it, "seedmill cancel ${runId}" ends it with what it has`
  );
}

function withoutExamples(
  runId: string,
  { recipe, status }: { recipe: StoredRecipe; status: StatusReport },
): string {
  const ended = `${runId} has ended (${status.state}: ${status.stopReason ?? 'no reason recorded'})`;
  if (recipe.skillmix?.extractOnly)
    return `${ended} with lists of skills and no examples: "seedmill skills" writes the lists`;
  if (recipe.evolve?.aspect === 'complexity')
    return `${ended}; it evolved instructions, which have no responses: ${status.dataset} has its variants and scorer-pairs.jsonl`;
  return `${ended} without an example: there is nothing to export`;
}

function exportRow(messages: Message[], lineage: LineageRow): ExportRow {
  const turns = pairsOf(messages);
  const [question, answer] = turns.at(-1) ?? ['', ''];
  const { instruction = question, input = '', output = answer, place } = lineage;
  const { round, batch } = place?.status === 'batched' ? place : { round: null, batch: null };
  return {
    id: lineage.id ?? `${lineage.origin}.${lineage.variant}`,
    messages,
    instruction,
    input,
    output,
    history: turns.slice(0, -1),
    round,
    batch,
    lineage,
  };
}

function pairsOf(messages: readonly Message[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let n = 0; n + 1 < messages.length; n += 2)
    pairs.push([messages[n]?.content ?? '', messages[n + 1]?.content ?? '']);
  return pairs;
}
