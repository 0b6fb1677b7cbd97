/** What earlier runs of a store measured with the same teacher and method. */
import { type PhaseFiles, readPhase } from '../../activities/count-round.js';
import { isDeita, isExtraction } from '../../activities/phases.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import { isTurn } from '../../activities/skillmix/conversations.js';
import { recipeOfRound } from '../../activities/thresholds.js';
import { callPhasesOf } from '../../activities/recipe-phases.js';
import { type SettledTeacher, teacherOf } from '../../activities/teachers.js';
import type { CallPhase, Candidate, Progress } from '../../activities/types.js';
import { readJsonIfAny, readJsonlAt } from '../../store/artifacts.js';
import type { Outcome as LedgerOutcome } from '../../store/ledger.js';
import type { Store } from '../../store/types.js';
import { allRuns } from '../runs.js';
import { type Extraction, measureExtraction } from './measure-extraction.js';

/** So many calls of a kind tell what one is like; no more of them are read. */
const enough = 200;

/** Sums over the calls of one kind. */
export interface CallSums {
  /** Newest first. */
  runs: string[];
  /** Closed calls, and those of them with a usable answer. */
  calls: number;
  answered: number;
  /** Of the answered ones. */
  cutOff: number;
  /** Calls that sent anything: the others' answers were in the store. */
  asked: number;
  /** Answers that were paid for. */
  requests: number;
  /** Of these, those whose usage the endpoint told, and their tokens. */
  counted: number;
  promptTokens: number;
  cachedPromptTokens: number;
  completionTokens: number;
  /** Milliseconds that the paid requests took, all together; those of a batch are not among them. */
  latencyMs: number;
  /** How many were timed. */
  timed: number;
}

/** What came of the calls that begin something new: of drafts, or of calls for instructions or tasks. */
export interface OutcomeSums {
  runs: string[];
  begun: number;
  /** Begun calls, or conversations, all of whose calls were answered. */
  complete: number;
  candidates: number;
  /** Candidates that only an answer or the gate could still reject. */
  passed: number;
  accepted: number;
  /** Why the others were not, by the run's own gate. */
  rejected: Record<string, number>;
  /** Gate's scores; null where it gave none. */
  goodScores: (number | null)[];
  shirkedScores: (number | null)[];
}

export interface Measured {
  calls: Map<CallPhase, CallSums>;
  outcomes: OutcomeSums | null;
  /** Newest first. */
  extractions: Extraction[];
}

/** Reads the newest runs first, and of each no more than is still wanted. */
export async function measure(store: Store, recipe: StoredRecipe): Promise<Measured> {
  const measured = nothingMeasured();
  for (const { runId } of (await allRuns(store)).reverse()) {
    const run = await readJsonIfAny<StoredRecipe>(store, runFiles(runId).recipe);
    if (run?.method !== recipe.method) continue;
    const phases = callPhasesOf(recipe).filter((phase) => isSameCall(phase, recipe, run));
    if (phases.length > 0) await measureRun({ store, runId, run, recipe, phases, measured });
  }
  return measured;
}

export function nothingMeasured(): Measured {
  return { calls: new Map(), outcomes: null, extractions: [] };
}

/** Whether both put these calls to the same teacher, in the same form. */
function isSameCall(phase: CallPhase, recipe: StoredRecipe, run: StoredRecipe): boolean {
  if (!callPhasesOf(run).includes(phase)) return false;
  // Another form of the same conversation has other prompts and other failures.
  if (isTurn(phase) && answersOf(recipe) !== answersOf(run)) return false;
  if (recipe.score?.scorer !== run.score?.scorer || recipe.evolve?.aspect !== run.evolve?.aspect)
    return !isDeita(phase);
  return isSameTeacher(teacherOf(recipe, phase), teacherOf(run, phase));
}

/** Runs of before there was a choice have none. */
function answersOf({ skillmix }: StoredRecipe): 'marks' | 'json' {
  return skillmix?.answers ?? 'marks';
}

/** A local teacher that was not started yet is known by its file only. */
function isSameTeacher(a: SettledTeacher, b: SettledTeacher): boolean {
  if (a.form !== b.form || a.endpoint !== b.endpoint) return false;
  if (a.endpoint === 'local') return a.gguf === b.gguf && a.id === b.id;
  return a.identity === b.identity && a.model === b.model;
}

interface RunToMeasure {
  store: Store;
  runId: string;
  run: StoredRecipe;
  recipe: StoredRecipe;
  /** Calls that are the recipe's own too. */
  phases: CallPhase[];
  measured: Measured;
}

async function measureRun(options: RunToMeasure): Promise<void> {
  const { store, runId, run, recipe, phases, measured } = options;
  const rounds = (await readJsonIfAny<Progress>(store, runFiles(runId).progress))?.round ?? 0;
  const extraction = await measureExtraction(store, { runId, run, rounds });
  if (extraction !== null) measured.extractions.push(extraction);
  const begins = beginningOf(recipe);
  const isAlike = isSameOutcome(recipe, run) && phases.includes(begins);
  for (let round = 1; round <= rounds; round += 1) {
    const wantsOutcomes = isAlike && (measured.outcomes?.begun ?? 0) < enough;
    const wanted = phases.filter((phase) => (measured.calls.get(phase)?.calls ?? 0) < enough);
    const isOver = wanted.every(isExtraction) && round > (extraction?.rounds ?? 0);
    if (isOver && !wantsOutcomes) return;
    // People may have changed its thresholds while it lived.
    const inForce = wantsOutcomes ? await recipeOfRound({ store }, { recipe: run, runId, round }) : run;
    const tells = wantsOutcomes && isSameOutcome(recipe, inForce);
    const read = new Map<CallPhase, PhaseFiles>();
    for (const phase of new Set([...wanted, ...(tells ? conversationOf(recipe) : [])])) {
      const files = await readPhase(store, { runId, round }, phase);
      if (files) read.set(phase, files);
    }
    for (const phase of wanted) {
      const isTimed = teacherOf(run, phase).mode !== 'batch';
      addCalls(measured, { runId, files: read.get(phase), isTimed });
    }
    if (tells) await addOutcomes(options, { round, read, begins });
  }
}

/** The calls that begin something new. */
export function beginningOf({ method, generation }: Pick<StoredRecipe, 'method' | 'generation'>): CallPhase {
  if (method === 'skillmix') return 'draft';
  return generation.prompts === 'staged' ? 'instructions' : 'tasks';
}

/** Calls that tell whether what was begun came to its end. */
function conversationOf(recipe: StoredRecipe): CallPhase[] {
  return recipe.method === 'skillmix' ? ['draft', 'critique', 'improve'] : [beginningOf(recipe)];
}

/** Whether as much comes of a call in both: they ask and sort out alike. */
function isSameOutcome(a: StoredRecipe, b: StoredRecipe): boolean {
  return (
    a.filter.poolThreshold === b.filter.poolThreshold &&
    a.generation.prompts === b.generation.prompts &&
    a.generation.answers === b.generation.answers
  );
}

/** Answers that were paid for, whatever they are worth; a second answer to one call is a crash's doing. */
const paid: readonly LedgerOutcome['kind'][] = [
  'answered',
  'truncated',
  'refused',
  'content-filter',
  'unparsable',
];

function addCalls(
  measured: Measured,
  { runId, files, isTimed }: { runId: string; files: PhaseFiles | undefined; isTimed: boolean },
): void {
  if (files === undefined || files.calls.length === 0) return;
  const sums = measured.calls.get(files.phase) ?? noCalls();
  measured.calls.set(files.phase, sums);
  addRun(sums.runs, runId);
  const closed = new Set<number>();
  for (const { callIndex, outcome, truncated } of files.calls) {
    if (outcome === 'cancelled') continue;
    closed.add(callIndex);
    sums.calls += 1;
    if (outcome !== 'answered') continue;
    sums.answered += 1;
    if (truncated) sums.cutOff += 1;
  }
  const asked = new Set<number>();
  for (const { intent, outcome } of files.attempts) {
    if (!closed.has(intent.callIndex)) continue;
    asked.add(intent.callIndex);
    if (outcome === null || !paid.includes(outcome.kind)) continue;
    sums.requests += 1;
    if (isTimed) {
      sums.latencyMs += outcome.latencyMs;
      sums.timed += 1;
    }
    if (outcome.usage === null) continue;
    sums.counted += 1;
    sums.promptTokens += outcome.usage.promptTokens;
    sums.cachedPromptTokens += outcome.usage.cachedPromptTokens;
    sums.completionTokens += outcome.usage.completionTokens;
  }
  sums.asked += asked.size;
}

async function addOutcomes(
  { store, runId, recipe, phases, measured }: RunToMeasure,
  at: { round: number; read: ReadonlyMap<CallPhase, PhaseFiles>; begins: CallPhase },
): Promise<void> {
  const { round, read, begins } = at;
  const files = roundFiles(runId, round);
  const begun = read.get(begins);
  const decided = await readJsonlAt<Candidate>(store, files.candidates, { missing: 'empty' });
  // A round without its last verdicts is under way.
  if (begun === undefined || decided.length === 0) return;
  const screened = await readJsonlAt<Candidate>(store, files.screened);
  measured.outcomes ??= noOutcomes();
  const sums = measured.outcomes;
  addRun(sums.runs, runId);
  sums.begun += begun.plan.length;
  const last = read.get('improve') ?? begun;
  sums.complete += last.calls.filter(({ outcome }) => outcome === 'answered').length;
  sums.candidates += screened.length;
  const passed = new Set(screened.filter(({ verdict }) => verdict.state !== 'rejected').map(({ id }) => id));
  sums.passed += passed.size;
  for (const { id, verdict, mix } of decided) {
    if (verdict.state === 'accepted') sums.accepted += 1;
    if (verdict.state === 'rejected')
      sums.rejected[verdict.reason] = (sums.rejected[verdict.reason] ?? 0) + 1;
    const isJudged = verdict.state === 'rejected' ? isOfGate(verdict.reason) : (mix?.score ?? null) !== null;
    if (!passed.has(id) || mix === undefined || !isJudged || !phases.includes('judge')) continue;
    if (mix.shirker === null) sums.goodScores.push(mix.score);
    else if (mix.shirker === recipe.skillmix?.shirkers?.kind) sums.shirkedScores.push(mix.score);
  }
}

function isOfGate(reason: string): boolean {
  return reason === 'low-quality' || reason === 'score-missing';
}

function addRun(runs: string[], runId: string): void {
  if (!runs.includes(runId)) runs.push(runId);
}

function noCalls(): CallSums {
  return {
    runs: [],
    calls: 0,
    answered: 0,
    cutOff: 0,
    asked: 0,
    requests: 0,
    counted: 0,
    promptTokens: 0,
    cachedPromptTokens: 0,
    completionTokens: 0,
    latencyMs: 0,
    timed: 0,
  };
}

function noOutcomes(): OutcomeSums {
  return {
    runs: [],
    begun: 0,
    complete: 0,
    candidates: 0,
    passed: 0,
    accepted: 0,
    rejected: {},
    goodScores: [],
    shirkedScores: [],
  };
}
