import { readJsonIfAny, toJson, writeJson } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import { countRound, type RoundId } from './count-round.js';
import type { RefinedRound } from './refine-seeds.js';
import type { Runs } from './run-data.js';
import { roundFiles, runFiles } from './run-files.js';
import type {
  CallPhase,
  GatheredSkills,
  Progress,
  RecordedProgress,
  RecordProgressInput,
  RecordStateInput,
} from './types.js';

/** Phases with which a round of generation begins. */
const askPhases: readonly CallPhase[] = ['instructions', 'tasks', 'draft'];

/** Recounts the round from the store and writes `progress.json`; the counts go back into the loop's state. */
export async function recordProgress(runs: Runs, input: RecordProgressInput): Promise<RecordedProgress> {
  const { run, round, phase, step, target, before } = input;
  const current = await countRound(runs.store, { runId: run.runId, round });
  const earlier = await readJsonIfAny<Progress>(runs.store, runFiles(run.runId).progress);
  const progress: Progress = {
    schemaVersion: 1,
    runId: run.runId,
    at: new Date().toISOString(),
    round,
    phase,
    step,
    target,
    before,
    current,
    rounds: await roundsSoFar(runs.store, { runId: run.runId, round, earlier }),
  };
  await writeJson(runs.store, runFiles(run.runId).progress, progress);
  const isFollowed = await isBegun(runs.store, { runId: run.runId, round: round + 1 });
  return { ...current, ...(isFollowed && { isFollowed }) };
}

/** Whether a round of generation has been planned. */
async function isBegun(store: Store, { runId, round }: RoundId): Promise<boolean> {
  const { phase } = roundFiles(runId, round);
  for (const ask of askPhases) if ((await store.read(phase(ask).plan)) !== undefined) return true;
  return false;
}

/** What refinement or extraction said of each round; only rounds that the last progress did not know are read. */
async function roundsSoFar(
  store: Store,
  { runId, round, earlier }: { runId: string; round: number; earlier: Progress | undefined },
): Promise<Progress['rounds']> {
  const rounds = (earlier?.rounds ?? []).filter((row) => row.round < round);
  // Rounds before the last one were looked at, also those that had nothing to say; a run that began again is at an earlier one.
  const looked = Math.min(earlier?.round ?? 1, round);
  const first = Math.max((rounds.at(-1)?.round ?? 0) + 1, looked);
  for (let next = first; next <= round; next += 1) {
    const files = roundFiles(runId, next);
    const extracted = await readJsonIfAny<GatheredSkills>(store, files.extracted);
    if (extracted) {
      const { note } = extracted;
      rounds.push({ round: next, heldOutLoss: null, attractiveBatches: 0, note, warnings: [] });
    }
    const refined = await readJsonIfAny<RefinedRound>(store, files.refined);
    if (!refined) continue;
    const { loss, note, warnings, attractiveBatches } = refined;
    rounds.push({ round: next, heldOutLoss: loss, attractiveBatches, note, warnings });
  }
  return rounds;
}

/** `state.json`: what people and stop rules made of the run, for readers without a server; and each change on its own. */
export async function recordState(
  runs: Runs,
  { run, changes = [], ...state }: RecordStateInput,
): Promise<void> {
  const files = runFiles(run.runId);
  // Written before by an earlier attempt: the same bytes.
  for (const change of changes) await runs.store.create(files.change(change), `${toJson(change)}\n`);
  await writeJson(runs.store, runFiles(run.runId).state, { ...state, at: new Date().toISOString() });
}
