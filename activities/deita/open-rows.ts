import { scorerText } from '../../methods/deita/score-prompts.js';
import { refTo, writeJsonl } from '../../store/artifacts.js';
import { placeExamples } from '../export-dataset.js';
import { startsFromData } from '../recipe-deita.js';
import type { Runs } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { ConversationRow, PromptRow } from '../student-messages.js';
import type { Aspect, Candidate, OpenedRows, Ref, RoundInput } from '../types.js';
import { readRows } from './choose-calls.js';

/** Rows of one part, unless the recipe says: a round of calls about them is small enough for memory, and large enough for speed. */
export const usualRowsPerRound = 2_000;
/** A part has no more turns than this for each of its rows: every turn is two calls. */
const mostTurnsPerRow = 4;

/**
 * Counts the parts of the rows that were given, which lie in the store already; what generation has brought, up to its target
 * and in the dataset's order, is put there first.
 */
export async function openRows(
  runs: Runs,
  { run, round, target }: RoundInput & { target: number },
): Promise<OpenedRows> {
  const { method, rowsPerRound = usualRowsPerRound } = await runs.recipe(run);
  if (!startsFromData(method)) {
    const placed = await placeExamples(runs, { run, target, rounds: round - 1 });
    const kept = placed.filter(({ place }) => place.status !== 'surplus');
    const rows = kept.map(({ candidate }) => rowOf(candidate));
    const parts = partsOf(rows, rowsPerRound);
    for (const [n, part] of parts.entries())
      await writeJsonl(runs.store, roundFiles(run.runId, round + n).rows, part);
    return { rows: rows.length, parts: parts.length };
  }
  let rows = 0;
  for (let part = 0; ; part += 1) {
    const { length } = await readRows(runs, { run, round: round + part });
    rows += length;
    if (length === 0) return { rows, parts: part };
  }
}

/** Cuts rows into parts, each for a round of its own; of long conversations a part has fewer. */
export function partsOf<Row extends Pick<ConversationRow, 'turns'>>(
  rows: readonly Row[],
  size = usualRowsPerRound,
): Row[][] {
  const parts: Row[][] = [];
  let turns = 0;
  for (const row of rows) {
    const part = parts.at(-1);
    turns += row.turns.length;
    if (part && part.length < size && turns <= mostTurnsPerRow * size) part.push(row);
    else {
      parts.push([row]);
      turns = row.turns.length;
    }
  }
  return parts;
}

function rowOf({ id, instruction, input, output }: Candidate): ConversationRow {
  const asked = input === '' ? instruction : `${instruction}\n\n${input}`;
  return { id, turns: [{ instruction: asked, response: output }] };
}

/** The rows of a round as they lie in the store; an empty file where there are none. */
export async function rowsOf(runs: Runs, { run, round }: RoundInput): Promise<Ref> {
  await runs.recipe(run);
  const name = roundFiles(run.runId, round).rows;
  if ((await runs.store.read(name)) === undefined) await writeJsonl(runs.store, name, []);
  return await refTo(runs.store, name);
}

/** Writes what the student is asked about each turn; and names the adapter that was given for it. */
export async function scorerPrompts(
  runs: Runs,
  { run, round, aspect }: RoundInput & { aspect: Aspect },
): Promise<{ prompts: Ref; adapter: Ref }> {
  await runs.recipe(run);
  const rows = await readRows(runs, { run, round });
  const prompts = rows.map(
    ({ id, turns }): PromptRow => ({
      id,
      prompts: turns.map((turn) => scorerText(aspect, turn)),
    }),
  );
  const adapter = await refTo(runs.store, runFiles(run.runId).scorer(aspect));
  return {
    prompts: await writeJsonl(runs.store, roundFiles(run.runId, round).scorerPrompts(aspect), prompts),
    adapter: { ...adapter, count: 1 },
  };
}
