/** One call's worth of a recipe: the first calls that a run of it would make, with what becomes of their answers. */
import { decideCandidates } from '../../activities/decide-candidates.js';
import { gatherScores } from '../../activities/deita/gather-scores.js';
import { decideVariants, gatherVariants } from '../../activities/deita/gather-variants.js';
import { prepareRun } from '../../activities/prepare-run.js';
import { phasesOf, scoringPhasesOf, skillMixPhasesOf } from '../../activities/recipe-phases.js';
import { Runs, type StoredRecipe } from '../../activities/run-data.js';
import { roundFiles } from '../../activities/run-files.js';
import { RunPool } from '../../activities/run-pool.js';
import type { ScoredRow } from '../../activities/rows.js';
import { CandidateScreen } from '../../activities/screen-candidates.js';
import { ExampleAssembly } from '../../activities/skillmix/assemble-examples.js';
import { decideExamples } from '../../activities/skillmix/decide-examples.js';
import type { Candidate, RunContext, Seed, Spend } from '../../activities/types.js';
import { readJsonlAt } from '../../store/artifacts.js';
import type { OpenedStore } from '../../store/open-store.js';
import { hashInputs, type RunInputs, writeInputs } from '../run-identity.js';
import { version } from '../version.js';
import { PreviewCalls, type PreviewedCall } from './preview-call.js';
import { previewFolder } from './preview-ledger.js';

export interface PreviewedNeighbour {
  id: string;
  instruction: string;
}

export interface Preview {
  recipe: string;
  method: StoredRecipe['method'];
  /** Name in the store. */
  folder: string;
  calls: PreviewedCall[];
  candidates: (Candidate & { neighbour: PreviewedNeighbour | null })[];
  /** DEITA: the first row's scores. */
  scores: ScoredRow[];
  /** What a preview does not show. */
  notes: string[];
  /** Why a later run does not find the answers; empty: it does. */
  asksAgain: string[];
  /** Of this preview's requests. */
  spend: Spend;
  /** With the recipe's earlier previews. */
  spendSoFar: Spend;
}

/**
 * Makes the calls and reads what they brought, with the recipe as it is for a run but for `callsPerRound: 1` and calls one by one.
 * @throws UserError when the budget forbids a call, or the teacher does not answer.
 */
export async function makePreview(options: {
  opened: OpenedStore;
  /** As a run has them: they name the folder. */
  inputs: RunInputs;
  /** The recipe with the endpoints of calls that are made one by one. */
  online: StoredRecipe;
  stateDir: string;
}): Promise<Preview> {
  const { opened, inputs, online, stateDir } = options;
  const { store, storeId } = opened;
  const hash = hashInputs(inputs);
  const folder = previewFolder(hash);
  const run: RunContext = { runId: folder, storeUrl: store.url, storeId };
  const recipe: StoredRecipe = { ...online, generation: { ...online.generation, callsPerRound: 1 } };
  const { data, ...given } = inputs.given ?? {};
  const first = { ...given, ...(data && { data: data.slice(0, 1) }) };
  const manifest = { seedmill: version, bundleSha256: 'preview', teacherQueues: [] };
  const kept = { store, inputs: { ...inputs, recipe, given: first }, manifest };
  await writeInputs(kept, { runId: folder, hash });
  const runs = new Runs({ store, storeId });
  await prepareRun(runs, { run });
  const { usd = null, calls: mostCalls = null, tokens = null } = recipe.budget;
  const calls = new PreviewCalls({ runs, run, stateDir, budget: { usd, calls: mostCalls, tokens } });
  const before = await calls.spend();
  const notes = await play({ runs, run, recipe, calls });
  const spendSoFar = await calls.spend();
  const files = roundFiles(folder, 1);
  const missing = 'empty';
  const screened = await readJsonlAt<Candidate>(store, files.screened, { missing });
  const candidates = await readJsonlAt<Candidate>(store, files.candidates, { missing });
  const seeds = await readJsonlAt<Seed>(store, files.seedPool, { missing });
  const heldOut = await readJsonlAt<Seed>(store, `${folder}/heldout.jsonl`, { missing });
  const shown = calls.made.length === 0 ? [] : merged(screened, candidates);
  const known = new Map([...heldOut, ...seeds, ...shown].map((row) => [row.id, row]));
  return {
    recipe: recipe.name,
    method: recipe.method,
    folder,
    calls: calls.made,
    candidates: shown.map((candidate) => {
      const { nearest } = candidate;
      const near = nearest && 'id' in nearest ? known.get(nearest.id) : undefined;
      return { ...candidate, neighbour: near ? { id: near.id, instruction: near.instruction } : null };
    }),
    scores: await readJsonlAt<ScoredRow>(store, files.scores, { missing }),
    notes,
    asksAgain: reuseNotes(online),
    spend: difference(spendSoFar, before),
    spendSoFar,
  };
}

interface Playing {
  runs: Runs;
  run: RunContext;
  recipe: StoredRecipe;
  calls: PreviewCalls;
}

/** Returns what is to be said of it. */
async function play(playing: Playing): Promise<string[]> {
  const { runs, run, recipe, calls } = playing;
  const at = { run, round: 1 };
  switch (recipe.method) {
    case 'self-instruct':
    case 'sedi':
      return await playLoop(playing);
    case 'skillmix':
      return await playSkillMix(playing);
    case 'deita': {
      const phases = scoringPhasesOf(recipe).filter((phase) => phase !== 'vectors');
      if (phases.length === 0) return ['The recipe asks no teacher for scores: there is no call to show.'];
      for (const phase of phases) await calls.make(phase);
      const { store } = runs;
      const noVectors = new Runs({ store, storeId: run.storeId });
      await gatherScores(withoutSelection(noVectors), at);
      return [];
    }
    case 'evolve':
      await calls.make('evolve', { only: 1 });
      await gatherVariants(runs, at);
      await calls.make('gain', { only: 1 });
      await decideVariants(runs, at);
      return ['Ranking comes after the last round, and is not shown.'];
  }
}

/** Scores alone: vectors are no call about one row. */
function withoutSelection(runs: Runs): Runs {
  const recipe = runs.recipe.bind(runs);
  runs.recipe = async (run) => {
    const { select: _select, ...rest } = await recipe(run);
    return rest;
  };
  return runs;
}

async function playLoop({ runs, run, recipe, calls }: Playing): Promise<string[]> {
  const at = { run, round: 1 };
  const { ask, answer } = phasesOf(recipe.generation);
  await calls.make(ask, { wanted: { remaining: recipe.target, askCalls: 0, accepted: 0 } });
  await new CandidateScreen(runs, new RunPool(runs)).screenCandidates(at);
  let answered = 0;
  for (const phase of answer) answered += (await calls.make(phase, { only: 1 })).length;
  await decideCandidates(runs, at);
  return answered > 0 ? ['Of the instructions that passed the filter, the first is answered.'] : [];
}

async function playSkillMix({ runs, run, recipe, calls }: Playing): Promise<string[]> {
  const at = { run, round: 1 };
  const { extraction, generation } = skillMixPhasesOf(recipe);
  if (extraction.length > 0) {
    for (const phase of extraction) {
      // Their prompts are made of what all calls before them have brought.
      if (phase === 'embeddings' || phase === 'synonyms') continue;
      await calls.make(phase, { only: 1 });
    }
    const more =
      generation.length > 0
        ? ' "seedmill skills" writes files of them, with which a preview shows an example.'
        : '';
    return [
      `Examples are drawn from extracted lists, so only one call of each kind of extraction is shown.${more}`,
    ];
  }
  await calls.make('draft', { wanted: { remaining: recipe.target, askCalls: 0, accepted: 0 } });
  for (const phase of ['draft-rewrite', 'critique', 'improve', 'improve-rewrite'] as const)
    await calls.make(phase);
  await new ExampleAssembly(runs, new RunPool(runs)).assembleExamples(at);
  for (const phase of ['shirk', 'judge'] as const) if (generation.includes(phase)) await calls.make(phase);
  await decideExamples(runs, at);
  return [];
}

/** Candidates with their last verdicts; those that a preview does not answer as the screen left them. */
function merged(screened: readonly Candidate[], decided: readonly Candidate[]): Candidate[] {
  const passed = new Map(screened.map((candidate) => [candidate.id, candidate]));
  return (decided.length > 0 ? decided : screened).map((candidate) => {
    const { verdict } = candidate;
    const isUnasked =
      verdict.state === 'rejected' &&
      verdict.reason === 'instance-call-failed' &&
      verdict.detail === 'cancelled';
    return isUnasked ? (passed.get(candidate.id) ?? candidate) : candidate;
  });
}

/** Whether a later run finds the answers. */
function reuseNotes(recipe: StoredRecipe): string[] {
  const named = [recipe.teacher, ...Object.values(recipe.teachers)].filter(
    ({ name, reuse }) => name in recipe.endpoints && reuse !== 'project',
  );
  return named.map(
    ({ name, reuse }) => `teacher ${name} has reuse: ${reuse}, so a run asks and pays for its calls again.`,
  );
}

function difference(after: Spend, before: Spend): Spend {
  return {
    calls: after.calls - before.calls,
    tokens: after.tokens - before.tokens,
    usd: after.usd === null || before.usd === null ? null : Math.round((after.usd - before.usd) * 1e9) / 1e9,
  };
}
