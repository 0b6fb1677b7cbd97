/** Finding rows by their ids anywhere in a run, for the few that are shown. */
import { readPhases } from '../../activities/count-round.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { ConversationRow, TrainingBatch } from '../../activities/student-messages.js';
import type { Candidate, HeldOutRow, Seed } from '../../activities/types.js';
import { eachRow, rowsWithIds } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import { isAbout } from '../example/find-example.js';
import { cut, pointCharacters } from './cut.js';
import type { ExampleDraft } from './example-drafts.js';
import type { ReportExample } from './report-data.js';
import { candidateFile } from './run-rows.js';

export interface RunOf {
  runId: string;
  rounds: number;
}

/** Instructions of seeds, held-out tasks, candidates and given rows, cut for hovering; those that are nowhere are left out. */
export async function textsOf(
  store: Store,
  { runId, rounds }: RunOf,
  wanted: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  if (wanted.size === 0) return texts;
  const missing = { has: (id: string) => wanted.has(id) && !texts.has(id) };
  const keep = (id: string, text: string) => texts.set(id, cut(text, pointCharacters));
  const files = runFiles(runId);
  for (const name of [files.seeds, files.heldOut]) {
    const bytes = await store.read(name);
    if (bytes === undefined) continue;
    for (const row of rowsWithIds<Seed | HeldOutRow>(bytes, name, missing)) keep(row.id, row.instruction);
  }
  for (let round = 1; texts.size < wanted.size; round += 1) {
    const { rows: rowsName, joinedSeeds } = roundFiles(runId, round);
    const joined = await store.read(joinedSeeds);
    if (joined !== undefined)
      for (const row of rowsWithIds<Seed>(joined, joinedSeeds, missing)) keep(row.id, row.instruction);
    const rows = await store.read(rowsName);
    if (round > rounds && (rows === undefined || rows.length === 0)) break;
    const file = round > rounds ? null : await candidateFile(store, { runId, round });
    if (file !== null)
      for (const row of rowsWithIds<Candidate>(file.bytes, file.name, missing)) keep(row.id, row.instruction);
    if (rows !== undefined)
      for (const row of rowsWithIds<ConversationRow>(rows, rowsName, missing))
        keep(row.id, row.turns[0]?.instruction ?? '');
  }
  return texts;
}

/** The batch of each of these examples that is in one. */
export async function batchesOf(
  store: Store,
  { runId, rounds }: RunOf,
  wanted: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let round = 1; round <= rounds; round += 1) {
    const name = roundFiles(runId, round).batches;
    const bytes = await store.read(name);
    if (bytes === undefined) continue;
    for (const { batch, examples } of eachRow<TrainingBatch>(bytes, name))
      for (const { id } of examples) if (wanted.has(id)) found.set(id, batch);
  }
  return found;
}

/** Adds the calls of DEITA's scoring that were about an example. */
export async function addStageCalls(
  store: Store,
  { runId, rounds }: RunOf,
  drafts: readonly ExampleDraft[],
): Promise<void> {
  const byRound = new Map<number, ExampleDraft[]>();
  for (const draft of drafts) {
    if (draft.stage === null) continue;
    const inRound = byRound.get(draft.stage.round) ?? [];
    byRound.set(draft.stage.round, inRound);
    inRound.push(draft);
  }
  for (const [round, inRound] of byRound) {
    if (round > rounds) continue;
    for (const { phase, plan, calls } of await readPhases(store, { runId, round })) {
      for (const call of calls) {
        const about = inRound.filter(({ stage }) => isAbout(plan[call.callIndex], stage?.index ?? -1));
        if (about.length === 0) continue;
        const { callKey: key, teacher, model, template, promptTokens, completionTokens, costUsd } = call;
        const shown: ReportExample['calls'][number] = {
          ...{ key, phase, teacher, model, template },
          ...{ promptTokens, completionTokens, costUsd },
        };
        for (const draft of about) draft.example.calls.push(shown);
      }
    }
  }
}
