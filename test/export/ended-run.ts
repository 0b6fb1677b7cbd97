/** Runs that have ended, written by the activities that end them, without Temporal and without a teacher. */
import { exportDataset } from '../../activities/export-dataset.js';
import { Runs } from '../../activities/run-data.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { GivenRow, Ranking } from '../../activities/rows.js';
import type { Candidate, CandidateCall, Seed } from '../../activities/types.js';
import { claimRun, type GivenRows } from '../../client/run-identity.js';
import { type ConversationTurn, allTurns } from '../../methods/conversation-row.js';
import { writeJson, writeJsonl } from '../../store/artifacts.js';
import { openStore } from '../../store/open-store.js';
import type { Store } from '../../store/types.js';
import { noCounts } from '../../workflows/counts.js';
import { storedRecipe } from '../activities/stored-run.js';
import { testSeeds } from '../test-seeds.js';

/** A run's folder of data. */
export interface EndedRun {
  store: Store;
  runId: string;
}

export interface LoopRun {
  recipe?: Record<string, unknown>;
  seeds?: Seed[];
  /** Over what `example` gives. */
  examples: Partial<Candidate>[];
  /** Places of the examples of each batch. */
  batches?: number[][];
  state?: 'finished' | 'cancelled';
}

/** In USD per million tokens. */
const price = { inputUsdPerMTok: 0.5, outputUsdPerMTok: 2 };

const call: CandidateCall = {
  phase: 'tasks',
  callKey: 'a'.repeat(64),
  teacher: 'default',
  model: 'scripted',
  template: 'tasks',
  templateHash: 'b'.repeat(64),
  sampling: { temperature: 1, topP: 1, presencePenalty: 0, frequencyPenalty: 0, maxTokens: 100, stop: [] },
  promptTokens: 100,
  completionTokens: 50,
  costUsd: 0.00015,
};

const things = ['apple', 'bridge', 'candle', 'desert', 'engine', 'forest', 'guitar', 'harbour'];
const verbs = ['Describe', 'Compare', 'Explain', 'Question', 'Praise', 'Sketch', 'Improve', 'Sell'];

/** The nth of many examples that have little in common. */
export function example(n: number, changes: Partial<Candidate> = {}): Candidate {
  const words = [n, n * 7 + 1, n * 13 + 5, n * 29 + 11].map((k) => `${things[k % 8]}${k}`);
  return {
    id: `example-${n}`,
    contentHash: `hash-${n}`,
    round: 1,
    callIndex: n,
    position: 0,
    instance: 0,
    instruction: `${verbs[n % 8]} ${words.join(' ')}`,
    input: n % 3 === 0 ? `Input of ${n}` : '',
    output: `Answer ${n}: ${words.reverse().join(', ')}.`,
    isClassification: false,
    calls: [call],
    seedIds: [`seed-${n % 6}`],
    nearest: null,
    verdict: { state: 'accepted' },
    ...changes,
  };
}

async function claimed(
  folder: string,
  { recipe, seeds, given }: { recipe: Record<string, unknown>; seeds: Seed[]; given?: GivenRows },
) {
  const { store, storeId } = await openStore(folder);
  const { runId } = await claimRun({
    store,
    inputs: { recipe: storedRecipe(recipe), seeds, heldOut: null, ...(given && { given }) },
    isNew: true,
    manifest: { seedmill: '0.1.0', bundleSha256: 'test', teacherQueues: [] },
  });
  return { store, runId, runs: new Runs({ store, storeId }), run: { runId, storeUrl: store.url, storeId } };
}

/** A run that has made examples: SeDi-Instruct's unless the recipe says otherwise. */
export async function endedLoop(folder: string, options: LoopRun): Promise<EndedRun> {
  const { examples, batches = [], state = 'finished', seeds = testSeeds() } = options;
  const recipe = { method: 'sedi', target: 1_000_000, ...options.recipe, teacher: { price } };
  const { store, runId, runs, run } = await claimed(folder, { recipe, seeds });
  const candidates = examples.map((changes, n) => example(n, changes));
  const files = roundFiles(runId, 1);
  await writeJsonl(store, files.candidates, candidates);
  const composed = batches.map((places, n) => ({
    batch: `r001-b00${n}`,
    examples: places.map((place) => {
      const { id, instruction, input, output } = candidates[place] as Candidate;
      return { id, instruction, input, output };
    }),
  }));
  await writeJsonl(store, files.batches, composed);
  if (recipe.method === 'skillmix') {
    await writeJsonl(store, runFiles(runId).skills, [
      { skill: 'negotiation', named: 1, aliases: [], topics: [], rows: [] },
    ]);
    await writeJsonl(store, runFiles(runId).queryTypes, [{ name: 'Advice', definition: 'Asks for advice.' }]);
  }
  await writeProgress(store, runId, candidates);
  await exportDataset(runs, { run, target: 1_000_000, rounds: 1, state, stopReason: 'target reached' });
  return { store, runId };
}

/** A run of DEITA on given rows, which are all kept. */
export async function endedRows(
  folder: string,
  rows: Record<string, unknown>[],
  changes: Record<string, unknown> = {},
): Promise<EndedRun> {
  const recipe = {
    method: 'deita',
    data: 'rows.jsonl',
    target: undefined,
    seeds: undefined,
    score: {},
    ...changes,
    teacher: { form: 'chat', price },
  };
  const { store, runId, runs, run } = await claimed(folder, {
    recipe,
    seeds: [],
    given: { data: givenRows(rows) },
  });
  await exportDataset(runs, {
    run,
    target: rows.length,
    rounds: 1,
    state: 'finished',
    stopReason: 'all scored',
  });
  return { store, runId };
}

/** A run of evolution with one round, in which the nth answer became better by n. */
export async function endedEvolution(
  folder: string,
  { aspect = 'quality', rows = 4 }: { aspect?: 'quality' | 'complexity'; rows?: number } = {},
): Promise<EndedRun> {
  const recipe = {
    method: 'evolve',
    data: 'rows.jsonl',
    target: undefined,
    seeds: undefined,
    evolve: { aspect, rounds: 1 },
    teacher: { form: 'chat', price },
  };
  const given = Array.from({ length: rows }, (_, n) => {
    const { instruction, output } = example(n);
    return { instruction, output, licence: 'CC-BY-4.0', source: 'given' };
  });
  const { store, runId, runs, run } = await claimed(folder, {
    recipe,
    seeds: [],
    given: { data: givenRows(given) },
  });
  const variants = given.map(({ instruction, output }, row) =>
    example(row, {
      instruction: aspect === 'quality' ? instruction : `${instruction}, in verse`,
      output: `${output} And better by ${row}.`,
      evolution: { origin: `row-${row + 1}`, row, strategy: 'depth', gain: true },
    }),
  );
  await writeJsonl(store, roundFiles(runId, 1).candidates, variants);
  const rankings = given.map((_, row): Ranking => {
    const scores = [2, 2 + Math.min(row, 4)];
    return { origin: `row-${row + 1}`, survivors: 1, variants: [0, 1], scores, missing: null, call };
  });
  await writeJsonl(store, roundFiles(runId, 2).rankings, rankings);
  await exportDataset(runs, { run, target: rows, rounds: 2, state: 'finished', stopReason: 'all ranked' });
  return { store, runId };
}

/** A run that is under way, or was left. */
export async function openRun(folder: string): Promise<EndedRun> {
  return await claimed(folder, { recipe: { method: 'sedi' }, seeds: testSeeds() });
}

function givenRows(rows: Record<string, unknown>[]): GivenRow[] {
  return rows.map((row, n) => ({ id: `row-${n + 1}`, turns: turnsOf(row), row: n + 1, example: row }));
}

function turnsOf(row: Record<string, unknown>): ConversationTurn[] {
  return allTurns(row);
}

/** What status tells: every example was accepted, and as many were rejected. */
async function writeProgress(store: Store, runId: string, candidates: readonly Candidate[]): Promise<void> {
  const counts = noCounts();
  counts.calls = { ...counts.calls, planned: candidates.length, answered: candidates.length };
  counts.candidates = {
    ...counts.candidates,
    parsed: 2 * candidates.length,
    accepted: candidates.length,
    rejected: { similar: candidates.length },
  };
  counts.attempts = { ...counts.attempts, sent: candidates.length };
  counts.costUsd = 0.5;
  await writeJson(store, runFiles(runId).progress, {
    schemaVersion: 1,
    runId,
    at: '2026-11-22T00:00:00.000Z',
    round: 1,
    phase: null,
    step: 'done',
    target: candidates.length,
    before: noCounts(),
    current: counts,
    rounds: [],
  });
}
