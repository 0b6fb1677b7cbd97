/** What a run's rounds hold, row by row: one round's file is in memory at a time. */
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { ScoredRow, SelectionRow } from '../../activities/rows.js';
import type { ConversationRow } from '../../activities/student-messages.js';
import type { Candidate } from '../../activities/types.js';
import { readNpy } from '../../similarity/npy.js';
import { eachRow } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';

export interface RoundOf {
  runId: string;
  round: number;
}

/** The file of a round's candidates with their last verdicts where there are some, else with their first ones. */
export async function candidateFile(
  store: Store,
  { runId, round }: RoundOf,
): Promise<{ bytes: Buffer; name: string } | null> {
  const { candidates, screened } = roundFiles(runId, round);
  for (const name of [candidates, screened]) {
    const bytes = await store.read(name);
    if (bytes !== undefined && bytes.length > 0) return { bytes, name };
  }
  return null;
}

export async function candidatesOf(store: Store, at: RoundOf): Promise<Iterable<Candidate>> {
  const file = await candidateFile(store, at);
  return file === null ? [] : eachRow<Candidate>(file.bytes, file.name);
}

/** A row that DEITA's stages work on, or that evolution begins with. */
export interface StageRow {
  round: number;
  /** Among the rows of its round. */
  index: number;
  row: ConversationRow;
  scored: ScoredRow | null;
  selection: SelectionRow | null;
  /** A view of the round's matrix; null where it has none. */
  vector: Float32Array | null;
}

/** All of them in their order, also those of rounds that the run has not come to. `rounds`: those it has come to. */
export async function eachStageRow(
  store: Store,
  { runId, rounds }: { runId: string; rounds: number },
  visit: (row: StageRow) => void,
): Promise<void> {
  const selectionFile = runFiles(runId).selection;
  const selections = eachRow<SelectionRow>(
    (await store.read(selectionFile)) ?? Buffer.alloc(0),
    selectionFile,
  );
  // In the order of the rows; a cancelled run's selection has seen the first ones only.
  let next = selections.next();
  for (let round = 1; ; round += 1) {
    const files = roundFiles(runId, round);
    const bytes = await store.read(files.rows);
    if (bytes === undefined || bytes.length === 0) {
      if (round > rounds) return;
      continue;
    }
    const scores = eachRow<ScoredRow>((await store.read(files.scores)) ?? Buffer.alloc(0), files.scores);
    const vectors = await vectorsOf(store, files.vectors);
    let index = 0;
    for (const row of eachRow<ConversationRow>(bytes, files.rows)) {
      const scored = scores.next();
      const isNext = next.done !== true && next.value.id === row.id;
      visit({
        round,
        index,
        row,
        scored: scored.done === true ? null : scored.value,
        selection: isNext ? (next.value as SelectionRow) : null,
        vector: vectors?.(index) ?? null,
      });
      if (isNext) next = selections.next();
      index += 1;
    }
  }
}

/** The vector of each row; a row of zeros stands for none. null: the round has none at all. */
async function vectorsOf(store: Store, name: string): Promise<((row: number) => Float32Array | null) | null> {
  const bytes = await store.read(name);
  if (bytes === undefined) return null;
  const { columns, values } = readNpy(bytes);
  return (row) => {
    const vector = values.subarray(row * columns, (row + 1) * columns);
    return vector.some((value) => value !== 0) ? vector : null;
  };
}
