/** A run of SeDi-Instruct that has made many candidates and goes on, as files: nobody was asked. */
import { createHash } from 'node:crypto';
import { countRound } from '../../activities/count-round.js';
import { recipeFile, withDefaults } from '../../activities/recipe.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { CallRow, ExampleRow, PlanRow } from '../../activities/rows.js';
import type { BatchSignal, TrainingBatch } from '../../activities/student-messages.js';
import type { Candidate, CandidateCall, Progress, Seed } from '../../activities/types.js';
import { claimRun } from '../../client/run-identity.js';
import { type SeededRandom, seededRandom } from '../../methods/random.js';
import { writeJson, writeJsonl } from '../../store/artifacts.js';
import { openStore } from '../../store/open-store.js';
import type { Store } from '../../store/types.js';
import { addCounts, noCounts } from '../../workflows/counts.js';

const runId = 'big';
const perCall = 16;
const batchSize = 32;
const words = Array.from({ length: 8_000 }, (_, n) => `word${n.toString(36)}`);
const seed: Seed = {
  ...{ id: 'seed-0', origin: 'human', instruction: 'Name three rivers.', isClassification: false },
  ...{
    instances: [{ input: '', output: 'Rhine, Danube, Oder.' }],
    ancestors: ['seed-0'],
    round: 0,
    score: null,
  },
};
const call: Omit<CandidateCall, 'callKey'> = {
  ...{ phase: 'tasks', teacher: 'default', model: 'scripted', template: 'tasks', templateHash: sha('tasks') },
  sampling: { temperature: 1, topP: 1, presencePenalty: 0, frequencyPenalty: 0, maxTokens: 3_000, stop: [] },
  ...{ promptTokens: 900, completionTokens: 2_000, costUsd: 0.0044 },
};

/** Writes `rounds` rounds of `perRound` candidates, of which 30 % are too similar, into a new store; returns the run's id. */
export async function writeRun(
  folder: string,
  { rounds, perRound }: { rounds: number; perRound: number },
): Promise<string> {
  const { store } = await openStore(folder);
  const recipe = withDefaults(
    recipeFile.parse({
      ...{ name: 'big', method: 'sedi', target: rounds * perRound, seeds: 'seeds.jsonl' },
      teacher: { endpoint: 'openai', model: 'scripted' },
    }),
  );
  await claimRun({
    store,
    inputs: { recipe: { ...recipe, endpoints: {} }, seeds: [seed], heldOut: null },
    ...{ isNew: true, id: runId },
    manifest: { seedmill: '0.1.0', bundleSha256: 'bench', teacherQueues: [] },
  });
  let counts = noCounts();
  for (let round = 1; round <= rounds; round += 1) {
    await writeRound(store, { round, perRound });
    counts = addCounts(counts, await countRound(store, { runId, round }));
  }
  const progress: Progress = {
    ...{ schemaVersion: 1, runId, at: new Date().toISOString(), round: rounds, phase: null, step: 'done' },
    ...{ target: rounds * perRound, before: noCounts(), current: counts, rounds: [] },
  };
  await writeJson(store, runFiles(runId).progress, progress);
  return runId;
}

async function writeRound(
  store: Store,
  { round, perRound }: { round: number; perRound: number },
): Promise<void> {
  const random = seededRandom('big', round);
  const files = roundFiles(runId, round);
  const candidates = Array.from({ length: perRound }, (_, n) => candidateOf(n, { round, random }));
  const calls = Array.from({ length: Math.ceil(perRound / perCall) }, (_, callIndex) =>
    callOf(callIndex, { round, made: candidates.slice(callIndex * perCall, (callIndex + 1) * perCall) }),
  );
  const plan = calls.map(
    ({ callIndex, callKey }): PlanRow => ({
      ...{ callIndex, seedIds: [seed.id], candidateId: null, isClassification: null },
      ...{ promptHash: callKey as string, nth: 0 },
    }),
  );
  const phase = files.phase('tasks');
  await writeJsonl(store, phase.plan, plan);
  for (let shard = 0; shard * 500 < calls.length; shard += 1)
    await writeJsonl(store, phase.calls(shard), calls.slice(shard * 500, (shard + 1) * 500));
  await writeJsonl(store, files.candidates, candidates);
  const accepted = candidates
    .filter(({ verdict }) => verdict.state === 'accepted')
    .map(({ id, instruction, input, output }): ExampleRow => ({ id, instruction, input, output }));
  const batches = Array.from(
    { length: Math.floor(accepted.length / batchSize) },
    (_, n): TrainingBatch => ({
      batch: `r${String(round).padStart(3, '0')}-b${String(n).padStart(3, '0')}`,
      examples: accepted.slice(n * batchSize, (n + 1) * batchSize),
    }),
  );
  await writeJsonl(store, files.batches, batches);
  const signals = batches.map(
    ({ batch, examples }): BatchSignal => ({
      ...{ batch, gain: random.next() - 0.3, standardError: 0.2 },
      examples: examples.map(({ id }) => ({ id, answerLoss: 2 + random.next(), score: random.next() })),
    }),
  );
  await writeJsonl(store, files.signal, signals);
}

function candidateOf(n: number, { round, random }: { round: number; random: SeededRandom }): Candidate {
  const text = (length: number) =>
    Array.from({ length }, () => words[Math.floor(words.length * random.next() ** 2)]).join(' ');
  const callIndex = Math.floor(n / perCall);
  const callKey = keyOf(round, callIndex);
  const position = n % perCall;
  const isSimilar = random.next() < 0.3;
  const instruction = text(14);
  return {
    ...{
      id: sha(`${callKey} ${position}`),
      contentHash: sha(instruction),
      round,
      callIndex,
      position,
      instance: 0,
    },
    ...{ instruction, input: '', output: text(110), isClassification: null },
    calls: [{ ...call, callKey }],
    seedIds: [seed.id],
    nearest: isSimilar ? { id: seed.id, similarity: 0.85 + 0.15 * random.next() } : { atMost: 0.85 },
    verdict: isSimilar ? { state: 'rejected', reason: 'similar' } : { state: 'accepted' },
  };
}

function callOf(callIndex: number, { round, made }: { round: number; made: Candidate[] }): CallRow {
  const key = keyOf(round, callIndex);
  const text = made.map(({ instruction, output }) => `${instruction}\n${output}`).join('\n');
  return {
    ...{ callIndex, ...call, outcome: 'answered', callKey: key, sampleKey: key, text, truncated: false },
    ...{ via: 'first', isMended: false },
  };
}

function keyOf(round: number, callIndex: number): string {
  return sha(`${round} ${callIndex}`);
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
