import { readJson, readJsonlAt, writeJson, writeJsonl } from '../store/artifacts.js';
import { exportEvolution } from './deita/export-evolution.js';
import { exportReports, exportRows, readSelections } from './deita/export-rows.js';
import type { ScoredRow, SelectionRow } from './rows.js';
import { humanSeeds } from './human-seeds.js';
import { JsonArrayBytes } from './json-array.js';
import type { Runs } from './run-data.js';
import { roundFiles, runFiles } from './run-files.js';
import { seedOrigins } from './seed-origins.js';
import { exportMix } from './skillmix/export-mix.js';
import type { BatchSignal, TrainingBatch } from './student-messages.js';
import type { Candidate, ExportInput, ExportResult, Ref } from './types.js';

/** Where an accepted example ended up. */
export type Place =
  | { status: 'batched'; round: number; batch: string }
  | { status: 'waiting' }
  | { status: 'surplus' }
  /** DEITA's selection has left it out. */
  | { status: 'not-selected' };

interface PlacedExample {
  candidate: Candidate;
  place: Place;
  /** Only of runs with DEITA's stages. */
  scored?: ScoredRow;
  selection?: SelectionRow;
}

/** `result.json`: the last word on a run; a run that has it has ended. */
export interface RunResult {
  state: 'finished' | 'cancelled';
  stopReason: string;
  rounds: number;
  /** Accepted examples that were wanted; absent where rows were given. */
  target?: number;
  dataset: ExportResult;
}

/**
 * Writes the dataset: the first `target` accepted examples in call order, batch after batch as they were composed,
 * then those that waited. Everything else that was accepted goes to `surplus.jsonl`.
 */
export async function exportDataset(runs: Runs, input: ExportInput): Promise<ExportResult> {
  const { run, rounds } = input;
  const recipe = await runs.recipe(run);
  if (recipe.method === 'deita') return await exportRows(runs, input);
  if (recipe.method === 'evolve') return await exportEvolution(runs, input);
  const files = runFiles(run.runId);
  const stages = recipe.score || recipe.select ? await readStages(runs, input) : noStages;
  const placed = (await placeExamples(runs, input)).map((example) => chosen(example, stages));
  const kept = placed.filter(({ place }) => !isLeftOut(place));
  const surplus = placed.filter(({ place }) => isLeftOut(place));
  const rows = kept.map(({ candidate }) => candidate);
  const train = await writeJsonl(runs.store, files.dataset('train.jsonl'), rows.map(toMessages));
  const alpaca = new JsonArrayBytes();
  for (const example of kept) alpaca.add(toAlpaca(example));
  await runs.store.write(files.dataset('alpaca.json'), alpaca.bytes());
  const toLineage = await lineageOf(runs, input, placed);
  await writeJsonl(runs.store, files.dataset('lineage.jsonl'), kept.map(toLineage));
  const surplusRef: Ref = await writeJsonl(
    runs.store,
    files.dataset('surplus.jsonl'),
    surplus.map(toLineage),
  );
  await writeJson(runs.store, files.dataset('recipe.json'), await readJson(runs.store, files.recipe));
  if (recipe.score || recipe.select)
    await exportReports(runs, { runId: run.runId, scores: [...stages.scores.values()] });
  if (recipe.method === 'skillmix') await exportMix(runs, { run, rounds, kept: rows });

  const dataset = { dataset: `${run.runId}/dataset`, train, surplus: surplusRef };
  const { state, stopReason, target } = input;
  const result: RunResult = { state, stopReason, rounds, target, dataset };
  await writeJson(runs.store, files.result, result);
  return dataset;
}

/** What DEITA's stages said of the examples, by id; empty where there are none. */
interface Stages {
  scores: Map<string, ScoredRow>;
  selections: Map<string, SelectionRow>;
}

const noStages: Stages = { scores: new Map(), selections: new Map() };

async function readStages(runs: Runs, { run, rounds }: ExportInput): Promise<Stages> {
  const scores = new Map<string, ScoredRow>();
  for (let round = 1; round <= rounds; round += 1) {
    const file = roundFiles(run.runId, round).scores;
    for (const row of await readJsonlAt<ScoredRow>(runs.store, file, { missing: 'empty' }))
      scores.set(row.id, row);
  }
  return { scores, selections: await readSelections(runs, run.runId) };
}

/** An example as it comes out of the stages. A cancelled run that did not come to its selection keeps what it has. */
function chosen(example: PlacedExample, { scores, selections }: Stages): PlacedExample {
  const { id } = example.candidate;
  const deita = {
    ...(scores.has(id) && { scored: scores.get(id) as ScoredRow }),
    ...(selections.has(id) && { selection: selections.get(id) as SelectionRow }),
  };
  const isOut = selections.has(id) && selections.get(id)?.verdict !== 'selected';
  return { ...example, ...deita, ...(isOut && { place: { status: 'not-selected' } }) };
}

function isLeftOut({ status }: Place): boolean {
  return status === 'surplus' || status === 'not-selected';
}

/** Every accepted example with its place: batch after batch, then those that waited, then what was more than the target. */
export async function placeExamples(
  runs: Runs,
  { run, target, rounds }: Pick<ExportInput, 'run' | 'target' | 'rounds'>,
): Promise<PlacedExample[]> {
  const batched = new Map<string, Place & { status: 'batched' }>();
  const accepted: Candidate[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const files = roundFiles(run.runId, round);
    // A cancelled run may end inside a round, before its batches are composed.
    const candidates = await readJsonlAt<Candidate>(runs.store, files.candidates, { missing: 'empty' });
    // One by one: a call takes no hundred thousand arguments.
    for (const candidate of candidates) if (candidate.verdict.state === 'accepted') accepted.push(candidate);
    for (const { batch, examples } of await readJsonlAt<TrainingBatch>(runs.store, files.batches, {
      missing: 'empty',
    })) {
      for (const { id } of examples) batched.set(id, { status: 'batched', round, batch });
    }
  }
  const order = new Map([...batched.keys()].map((id, index) => [id, index]));
  const places = accepted.map((candidate, ordinal): PlacedExample => {
    if (ordinal >= target) return { candidate, place: { status: 'surplus' } };
    return { candidate, place: batched.get(candidate.id) ?? { status: 'waiting' } };
  });
  // Batches first, as composed; what waited keeps its call order behind them (the sort is stable).
  const rank = ({ candidate }: PlacedExample) => order.get(candidate.id) ?? Number.MAX_SAFE_INTEGER;
  return places.sort((a, b) => rank(a) - rank(b));
}

/** OpenAI's fine-tuning format. */
function toMessages({ instruction, input, output }: Candidate) {
  const content = input === '' ? instruction : `${instruction}\n\n${input}`;
  return {
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: output },
    ],
  };
}

/** Alpaca's keys, and the place in SeDi's order for trainers that keep it. */
function toAlpaca({ candidate: { instruction, input, output }, place }: PlacedExample) {
  const { round, batch } = place.status === 'batched' ? place : { round: null, batch: null };
  return { instruction, input, output, round, batch };
}

/** What the student measured on one example. */
interface Scores {
  answerLoss: number;
  instructionScore: number;
  batchGain: number | null;
}

/** A lineage row: the candidate with its method, place, scores, and where the seeds of its prompt came from. */
async function lineageOf(
  runs: Runs,
  { run, rounds }: ExportInput,
  placed: readonly PlacedExample[],
): Promise<(example: PlacedExample) => Record<string, unknown>> {
  const { method } = await runs.recipe(run);
  const scores = new Map<string, Scores>();
  for (let round = 1; round <= rounds; round += 1) {
    const file = roundFiles(run.runId, round).signal;
    for (const { gain, examples } of await readJsonlAt<BatchSignal>(runs.store, file, { missing: 'empty' })) {
      for (const { id, answerLoss, score } of examples) {
        scores.set(id, { answerLoss, instructionScore: score, batchGain: gain });
      }
    }
  }
  const seeds = await humanSeeds(runs.store, { runId: run.runId, rounds });
  // As they were accepted, whatever batch they are in now.
  const inCallOrder = placed
    .map(({ candidate }) => candidate)
    .sort((a, b) => a.round - b.round || a.callIndex - b.callIndex || a.position - b.position);
  const originsOf = seedOrigins(seeds, inCallOrder);
  return ({ candidate, place, scored, selection }) => ({
    ...candidate,
    run: run.runId,
    method,
    place,
    scores: scores.get(candidate.id) ?? null,
    ...(scored && { scored }),
    ...(selection && { selection }),
    ...originsOf(candidate),
  });
}
