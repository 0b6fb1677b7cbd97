/** One example of a run with everything that the store knows of it. */
import type { Place } from '../../activities/export-dataset.js';
import { readPhases } from '../../activities/count-round.js';
import { humanSeeds } from '../../activities/human-seeds.js';
import type { OriginalRow, PlanRow, ScoredRow, SelectionRow } from '../../activities/rows.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { ReviewedFields } from '../../activities/review-messages.js';
import type { ConversationRow } from '../../activities/student-messages.js';
import type { CallPhase, Candidate, MixFields, Seed, Verdict } from '../../activities/types.js';
import { type StatedOrigin, statedOrigin } from '../../methods/stated-origin.js';
import { readJson, readJsonIfAny, readJsonlAt } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { responseName, type StoredResponse } from '../../store/response-store.js';
import type { Store } from '../../store/types.js';

/** A call that contributed to an example. */
export interface ExampleCall {
  round: number;
  phase: CallPhase;
  callIndex: number;
  teacher: string;
  model: string;
  promptTokens: number;
  completionTokens: number;
  costUsd: number | null;
  /** Name of the stored answer; null where there is none. */
  answer: string | null;
}

export interface FoundExample {
  id: string;
  round: number;
  turns: { instruction: string; response: string }[];
  /** null: a row that was given. */
  verdict: Verdict | null;
  nearest: Candidate['nearest'];
  mix: MixFields | null;
  review: ReviewedFields | null;
  /** Where it is in the dataset, as its lineage says; null before the run has ended, and for what was rejected. */
  place: Place | null;
  scored: ScoredRow | null;
  selection: SelectionRow | null;
  seeds: Pick<Seed, 'id' | 'instruction' | 'origin' | 'source' | 'licence'>[];
  calls: ExampleCall[];
  /** What a given row, or the recipe for its file, says of where it is from; null: it was not given. */
  provenance: StatedOrigin | null;
}

/** The row of a file that knows an example by its id. */
interface Known {
  id: string;
  round: number;
  /** Index among the rows of its round. */
  row: number;
  candidate: Candidate | null;
  given: ConversationRow | null;
}

/**
 * The example whose id is, or begins with, `wanted`; rejected candidates can be found too.
 * @throws UserError when there is none, or more than one.
 */
export async function findExample(
  store: Store,
  { runId, rounds, wanted }: { runId: string; rounds: number; wanted: string },
): Promise<FoundExample> {
  const found = await search(store, { runId, rounds, wanted });
  const exact = found.filter(({ id }) => id === wanted);
  const [example, ...others] = exact.length > 0 ? exact.slice(0, 1) : found;
  if (!example)
    throw new UserError(
      `${runId} has no example "${wanted}": ids stand in its lineage.jsonl and candidates.jsonl`,
    );
  if (others.length > 0)
    throw new UserError(
      `"${wanted}" is the beginning of ${found.length} ids, among them ${found
        .slice(0, 3)
        .map(({ id }) => id)
        .join(', ')}: give more of it`,
    );
  return await describe(store, { runId, rounds, example });
}

async function search(
  store: Store,
  { runId, rounds, wanted }: { runId: string; rounds: number; wanted: string },
): Promise<Known[]> {
  const found = new Map<string, Known>();
  // Also rows of rounds that the run has not come to.
  for (let round = 1; ; round += 1) {
    const files = roundFiles(runId, round);
    const given = await readJsonlAt<ConversationRow>(store, files.rows, { missing: 'empty' });
    if (round > rounds && given.length === 0) break;
    const candidates = await candidatesOf(store, { runId, round });
    for (const [row, candidate] of candidates.entries())
      if (candidate.id.startsWith(wanted))
        found.set(candidate.id, { id: candidate.id, round, row, candidate, given: null });
    for (const [row, one] of given.entries())
      if (one.id.startsWith(wanted) && !found.has(one.id))
        found.set(one.id, { id: one.id, round, row, candidate: null, given: one });
  }
  return [...found.values()];
}

/** With their last verdicts where there are some, else with their first ones. */
async function candidatesOf(
  store: Store,
  { runId, round }: { runId: string; round: number },
): Promise<Candidate[]> {
  const files = roundFiles(runId, round);
  const decided = await readJsonlAt<Candidate>(store, files.candidates, { missing: 'empty' });
  return decided.length > 0
    ? decided
    : await readJsonlAt<Candidate>(store, files.screened, { missing: 'empty' });
}

async function describe(
  store: Store,
  { runId, rounds, example }: { runId: string; rounds: number; example: Known },
): Promise<FoundExample> {
  const { id, round, candidate, given } = example;
  const files = runFiles(runId);
  const lineage = await findRow<{ id: string; place?: Place }>(store, files.dataset('lineage.jsonl'), id);
  const surplus =
    lineage ?? (await findRow<{ id: string; place?: Place }>(store, files.dataset('surplus.jsonl'), id));
  const stage = await findStage(store, { runId, rounds, id });
  const asked = candidate === null ? [] : await callsNamed(store, { runId, candidate });
  return {
    id,
    round,
    turns: given ? given.turns : candidate ? [turnOf(candidate)] : [],
    verdict: candidate?.verdict ?? null,
    nearest: candidate?.nearest ?? null,
    mix: candidate?.mix ?? null,
    review: candidate?.review ?? null,
    place: surplus?.place ?? null,
    scored: stage.scored,
    selection: (await findRow<SelectionRow>(store, files.selection, id)) ?? null,
    seeds: candidate === null ? [] : await seedsOf(store, { runId, candidate }),
    calls: [...asked, ...stage.calls],
    provenance: given === null ? null : await provenanceOf(store, { runId, example }),
  };
}

async function provenanceOf(
  store: Store,
  { runId, example: { round, row } }: { runId: string; example: Known },
): Promise<StatedOrigin> {
  // Examples of the run itself that were scored have no originals.
  const originals = await readJsonlAt<OriginalRow>(store, roundFiles(runId, round).originals, {
    missing: 'empty',
  });
  const { provenance } = await readJson<StoredRecipe>(store, runFiles(runId).recipe);
  return statedOrigin(originals[row]?.example ?? {}, provenance);
}

function turnOf({ instruction, input, output }: Candidate) {
  return { instruction: input === '' ? instruction : `${instruction}\n\n${input}`, response: output };
}

async function findRow<Row extends { id: string }>(
  store: Store,
  name: string,
  id: string,
): Promise<Row | undefined> {
  return (await readJsonlAt<Row>(store, name, { missing: 'empty' })).find((row) => row.id === id);
}

/** Seeds of its prompt, also machine-made ones of its round. */
async function seedsOf(
  store: Store,
  { runId, candidate }: { runId: string; candidate: Candidate },
): Promise<FoundExample['seeds']> {
  const wanted = new Set(candidate.seedIds);
  if (wanted.size === 0) return [];
  const found = new Map<string, Seed>();
  const { round } = candidate;
  const pool = await readJsonlAt<Seed>(store, roundFiles(runId, round).seedPool, { missing: 'empty' });
  for (const seed of [...(await humanSeeds(store, { runId, rounds: round })), ...pool])
    if (wanted.has(seed.id)) found.set(seed.id, seed);
  return candidate.seedIds.flatMap((id) => {
    const seed = found.get(id);
    if (!seed) return [];
    const { instruction, origin, source, licence } = seed;
    return [{ id, instruction, origin, ...(source && { source }), ...(licence && { licence }) }];
  });
}

/** The calls that a candidate names, in their order. */
async function callsNamed(
  store: Store,
  { runId, candidate }: { runId: string; candidate: Candidate },
): Promise<ExampleCall[]> {
  const phases = await readPhases(store, { runId, round: candidate.round });
  return candidate.calls.map((call) => {
    const row = phases
      .find(({ phase }) => phase === call.phase)
      ?.calls.find(({ callKey, sampleKey }) => callKey === call.callKey || sampleKey === call.callKey);
    const { phase, teacher, model, promptTokens, completionTokens, costUsd } = call;
    const counts = { promptTokens, completionTokens, costUsd };
    const answer = row?.callKey ?? call.callKey;
    return {
      round: candidate.round,
      phase,
      callIndex: row?.callIndex ?? -1,
      teacher,
      model,
      ...counts,
      answer: responseName(answer),
    };
  });
}

/** What DEITA's stages said of it, and the calls that said so. */
async function findStage(
  store: Store,
  { runId, rounds, id }: { runId: string; rounds: number; id: string },
): Promise<{ scored: ScoredRow | null; calls: ExampleCall[] }> {
  for (let round = 1; round <= rounds; round += 1) {
    const files = roundFiles(runId, round);
    const rows = await readJsonlAt<ConversationRow>(store, files.rows, { missing: 'empty' });
    const row = rows.findIndex((one) => one.id === id);
    if (row < 0) continue;
    const scores = await readJsonlAt<ScoredRow>(store, files.scores, { missing: 'empty' });
    const phases = await readPhases(store, { runId, round });
    const calls = phases.flatMap(({ phase, plan, calls }) =>
      calls
        .filter(({ callIndex }) => isAbout(plan[callIndex], row))
        .map((call): ExampleCall => {
          const { callIndex, teacher, model, promptTokens, completionTokens, costUsd, callKey } = call;
          const answer = callKey === null ? null : responseName(callKey);
          return { round, phase, callIndex, teacher, model, promptTokens, completionTokens, costUsd, answer };
        }),
    );
    return { scored: scores[row] ?? null, calls };
  }
  return { scored: null, calls: [] };
}

/** Whether a call of DEITA's scoring is about the row of this index in its round. */
export function isAbout(plan: PlanRow | undefined, row: number): boolean {
  const { row: from, to } = plan?.deita ?? {};
  return from !== undefined && (to === undefined ? from === row : from <= row && row < to);
}

/** What was asked and answered, as it is stored; undefined when it was removed. */
export async function readCall(store: Store, { answer }: ExampleCall): Promise<StoredResponse | undefined> {
  return answer === null ? undefined : await readJsonIfAny<StoredResponse>(store, answer);
}
