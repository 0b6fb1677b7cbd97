/** What a run of a recipe is expected to need: from what earlier runs measured, else from what is assumed of its method. */
import type { StoredRecipe } from '../../activities/run-data.js';
import { callsWanted } from '../../activities/plan-calls.js';
import { usualRowsPerRound } from '../../activities/deita/open-rows.js';
import { examplesWanted } from '../../activities/skillmix/choose-calls.js';
import { isScoring } from '../../activities/phases.js';
import { selects, startsFromData } from '../../activities/recipe-deita.js';
import { callPhasesOf, phasesOf } from '../../activities/recipe-phases.js';
import { teacherOf } from '../../activities/teachers.js';
import type { CallPhase, SelfInstructPhase } from '../../activities/types.js';
import { assumeEvolutionCall, expectEvolution } from './assume-evolution.js';
import { assumeLoopCall } from './assume-loop.js';
import { assumeScoringCall, expectScoring } from './assume-scoring.js';
import { type AssumedCall, assumeSkillMixCall } from './assume-skillmix.js';
import {
  type Calls,
  type CallFigures,
  expectConversations,
  expectLoop,
  expectPhase,
  expectRounds,
  type Outcome,
  type PhaseExpectation,
  perExample,
  type Rounds,
  total,
} from './expect.js';
import { expectTime } from './expect-time.js';
import { expectExtraction } from './extraction-calls.js';
import type { CallSums } from './measure.js';
import { notesOf } from './notes.js';
import type { PlanInputs, RunExpectation } from './run-expectation.js';
import { conversationRates, loopRates, type Rate } from './rates.js';
import { type CountTokens, tokenCounter } from './tokens.js';

export async function makePlan(inputs: PlanInputs): Promise<RunExpectation> {
  const { recipe, measured } = inputs;
  const count = await tokenCounter();
  const phases = callPhasesOf(recipe);
  const figures = new Map<CallPhase, CallFigures>();
  for (const phase of phases) figures.set(phase, figuresOf(inputs, phase, count));

  const extraction = expectExtraction(inputs);
  const { outcome, rates } = generationOf(inputs, count);
  const played = outcome === null ? null : playRounds(recipe, outcome);
  const begun = played?.asks ?? 0;
  const calls: Calls = {
    ...extraction.calls,
    ...(recipe.method === 'evolve' && expectEvolution(inputs)),
  };
  for (const [phase, each] of Object.entries(outcome?.calls ?? {})) calls[phase as CallPhase] = each * begun;
  const accepted = begun * (outcome?.accepted ?? 0);
  const generated = played?.stop === 'target' ? recipe.target : Math.floor(accepted);
  Object.assign(calls, expectScoring(inputs, generated));
  const examples = examplesOf(recipe, { generated, given: inputs.given.data?.length ?? 0 });

  const rows = phases.map((phase) =>
    expectPhase({
      phase,
      calls: calls[phase] ?? 0,
      figures: figures.get(phase) as CallFigures,
      price: teacherOf(recipe, phase).price,
    }),
  );
  const amounts = total(rows);
  const plan = {
    recipe: recipe.name,
    method: recipe.method,
    examples,
    phases: rows,
    total: amounts,
    perAccepted: perExample(amounts, examples),
    time: expectTime(
      rows.map((row) => ({ ...row, ...timingOf(inputs, row) })),
      roundsOf(inputs, { played: played?.rounds ?? 0, generated }),
    ),
    rates: [...extraction.rates, ...rates],
  };
  return { ...plan, notes: notesOf({ recipe, measured, plan, played }) };
}

/** How fast a kind of call is, and what holds it back. */
function timingOf(
  { recipe, measured }: PlanInputs,
  { phase, promptTokens, completionTokens }: PhaseExpectation,
) {
  const { concurrency, requestsPerMinute, tokensPerMinute, mode } = teacherOf(recipe, phase);
  const { latencyMs = 0, timed = 0 } = measured.calls.get(phase) ?? {};
  return {
    tokens: promptTokens + completionTokens,
    latencyMs: timed > 0 ? latencyMs / timed : null,
    concurrency,
    requestsPerMinute: requestsPerMinute ?? null,
    tokensPerMinute: tokensPerMinute ?? null,
    isBatch: mode === 'batch',
  };
}

/** Rounds that generate, and parts that are scored. */
function roundsOf(
  { recipe, given }: PlanInputs,
  { played, generated }: { played: number; generated: number },
): number {
  if (recipe.evolve) return recipe.evolve.rounds;
  const scored = recipe.score || recipe.select ? (given.data?.length ?? generated) : 0;
  return played + Math.ceil(scored / (recipe.rowsPerRound ?? usualRowsPerRound));
}

/** What the dataset is expected to have: of evolution the best response of each row. */
function examplesOf(
  { method, evolve, select }: StoredRecipe,
  { generated, given }: { generated: number; given: number },
): number {
  if (method === 'evolve') return evolve?.aspect === 'quality' ? given : 0;
  const rows = method === 'deita' ? given : generated;
  return selects(select) ? Math.min(select.size, rows) : rows;
}

/** What comes of one call that begins something; null for a recipe that only extracts, or that begins with given rows. */
function generationOf(inputs: PlanInputs, count: CountTokens): { outcome: Outcome | null; rates: Rate[] } {
  const { recipe, measured } = inputs;
  if (startsFromData(recipe.method)) return { outcome: null, rates: [] };
  if (recipe.method !== 'skillmix') {
    const { rates, values } = loopRates({ recipe, measured, phases: phasesOf(recipe.generation) });
    return { outcome: expectLoop(1, values), rates };
  }
  if (!callPhasesOf(recipe).includes('draft')) return { outcome: null, rates: [] };
  const assumedCutOff = (phase: CallPhase) => assumedCall(inputs, phase, count).cutOff;
  const { rates, values } = conversationRates({ recipe, measured, assumedCutOff });
  return { outcome: expectConversations(1, values), rates };
}

function playRounds(recipe: StoredRecipe, outcome: Outcome): Rounds {
  const { generation, target, stop } = recipe;
  return expectRounds({
    stop: { ...stop, target },
    callsWanted: (wanted) =>
      recipe.method === 'skillmix'
        ? examplesWanted(recipe, wanted)
        : callsWanted(generation.callsPerRound, wanted),
    outcome,
  });
}

function figuresOf(inputs: PlanInputs, phase: CallPhase, count: CountTokens): CallFigures {
  const sums = inputs.measured.calls.get(phase);
  if (sums && sums.counted > 0) {
    const figures = measuredFigures(sums);
    // Given rows are known, and those of an earlier run were others.
    return inputs.given.data
      ? {
          ...figures,
          promptTokens: figures.requests * assumedCall(inputs, phase, count).promptTokens,
          cachedPromptTokens: 0,
        }
      : figures;
  }
  const { promptTokens, completionTokens } = assumedCall(inputs, phase, count);
  return { requests: 1, promptTokens, cachedPromptTokens: 0, completionTokens, basis: { from: 'assumed' } };
}

/** Requests of a call whose answer was not in the store, and the mean tokens of each. */
function measuredFigures(sums: CallSums): CallFigures {
  const { asked, requests, counted, runs } = sums;
  const perCall = requests / asked;
  return {
    requests: perCall,
    promptTokens: (perCall * sums.promptTokens) / counted,
    cachedPromptTokens: (perCall * sums.cachedPromptTokens) / counted,
    completionTokens: (perCall * sums.completionTokens) / counted,
    basis: { from: 'measured', rows: asked, of: 'calls', runs },
  };
}

function assumedCall(
  { recipe, seeds, given, measured }: PlanInputs,
  phase: CallPhase,
  count: CountTokens,
): AssumedCall {
  if (recipe.method === 'evolve') return assumeEvolutionCall({ recipe, given, count }, phase);
  if (isScoring(phase)) return assumeScoringCall({ recipe, seeds, given, count }, phase);
  if (recipe.method !== 'skillmix') {
    return assumeLoopCall({ recipe, seeds, count }, phase as SelfInstructPhase);
  }
  const measuredAnswer = (turn: CallPhase) => {
    const sums = measured.calls.get(turn);
    if (!sums || sums.counted === 0 || sums.answered === 0) return undefined;
    return { completionTokens: sums.completionTokens / sums.counted, cutOff: sums.cutOff / sums.answered };
  };
  return assumeSkillMixCall({ recipe, given, count, measured: measuredAnswer }, phase);
}
