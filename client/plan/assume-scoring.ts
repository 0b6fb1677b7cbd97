/** DEITA's scoring: how many calls there are for so many rows, and what one is like where none was measured, by prompts that are really built. */
import { rowsPerVectorCall } from '../../activities/deita/choose-calls.js';
import { partsOf } from '../../activities/deita/open-rows.js';
import { deitaPrompt } from '../../activities/deita/prompts.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import { scoringPhasesOf } from '../../activities/recipe-phases.js';
import type { DeitaChoice } from '../../activities/rows.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import type { ConversationRow } from '../../activities/student-messages.js';
import type { ScoringPhase, Seed } from '../../activities/types.js';
import { SCORE_TOKENS } from '../../methods/deita/expected.js';
import type { Prompt } from '../../methods/prompt.js';
import { INSTRUCTION_TOKENS, RESPONSE_TOKENS } from '../../methods/skillmix/expected.js';
import type { GivenRows } from '../run-identity.js';
import type { AssumedCall } from './assume-skillmix.js';
import type { Calls } from './expect.js';
import { type CountTokens, meanPromptTokens } from './tokens.js';

/** Rows whose prompts are built and counted, spread over all of them. */
const samples = 200;

interface Rows {
  recipe: StoredRecipe;
  /** Of methods that generate: what examples are taken to be like. */
  seeds: readonly Seed[];
  given: GivenRows;
}

/** What is scored in one round. */
export interface ScoringPart {
  rows: number;
  /** Turns that are asked about, those that are asked about twice counted twice. */
  asked: number;
}

/** Calls about so many examples that are generated, or about the given rows; none for other recipes. */
export function expectScoring({ recipe, given }: Omit<Rows, 'seeds'>, examples: number): Calls {
  const { data = [] } = given;
  const twice = recipe.score?.twice ?? 0;
  // Generated examples have one turn each.
  const parts = startsFromData(recipe.method)
    ? partsOf(data, recipe.rowsPerRound).map((rows) => partOf(recipe, rows))
    : [{ rows: examples, asked: examples + Math.round(twice * examples) }];
  return callsAbout(recipe, parts);
}

export function partOf(
  { score }: Pick<StoredRecipe, 'score'>,
  rows: readonly Pick<ConversationRow, 'turns'>[],
): ScoringPart {
  const twice = score?.twice ?? 0;
  const asked = turnsOf(rows) + turnsOf(rows.slice(0, Math.round(twice * rows.length)));
  return { rows: rows.length, asked };
}

/** In the order in which a round makes them; none for recipes without stages. */
export function callsAbout(recipe: StoredRecipe, parts: readonly ScoringPart[]): Calls {
  const sum = (of: (part: ScoringPart) => number) => parts.reduce((total, part) => total + of(part), 0);
  const scores = sum(({ asked }) => asked);
  const all = { complexity: scores, quality: scores, vectors: sum(vectorCalls) };
  return Object.fromEntries(scoringPhasesOf(recipe).map((phase) => [phase, all[phase]]));
}

/** One call of a phase, on average over the rows. */
export function assumeScoringCall(rows: Rows & { count: CountTokens }, phase: ScoringPhase): AssumedCall {
  const { recipe, count } = rows;
  const prompts = promptsOf(rows, phase);
  const limit =
    phase === 'vectors' ? 0 : (recipe.generation.maxTokens[phase] ?? prompts[0]?.sampling.maxTokens ?? 0);
  return {
    promptTokens: meanPromptTokens(
      prompts.map(({ body }) => body),
      count,
    ),
    completionTokens: Math.min(limit, SCORE_TOKENS),
    cutOff: 0,
  };
}

function promptsOf(rows: Rows, phase: ScoringPhase): Prompt[] {
  const { recipe } = rows;
  const sample = sampleOf(rows);
  const about = (choices: DeitaChoice[]) =>
    choices.map((deita) => deitaPrompt({ recipe, phase, rows: sample, evolution: null }, { deita }));
  switch (phase) {
    case 'complexity':
    case 'quality':
      return about(sample.flatMap(({ turns }, row) => turns.map((_, turn) => ({ row, turn }))));
    case 'vectors': {
      const calls = Math.ceil(sample.length / rowsPerVectorCall);
      return about(
        Array.from({ length: calls }, (_, call) => ({
          row: call * rowsPerVectorCall,
          to: Math.min((call + 1) * rowsPerVectorCall, sample.length),
        })),
      );
    }
  }
}

/** Given rows; or, of what is still to be generated, seed tasks, or texts as long as published examples. */
function sampleOf({ recipe, seeds, given }: Rows): ConversationRow[] {
  if (given.data) return spread(given.data, samples);
  if (recipe.method === 'skillmix') {
    const words = (tokens: number) => 'word '.repeat(tokens).trim();
    return [
      { id: '', turns: [{ instruction: words(INSTRUCTION_TOKENS), response: words(RESPONSE_TOKENS) }] },
    ];
  }
  return spread(seeds, samples).map(({ id, instruction, instances }) => {
    const { input = '', output = '' } = instances[0] ?? {};
    return { id, turns: [{ instruction: `${instruction}\n\n${input}`.trim(), response: output }] };
  });
}

/** So many of the rows at most, from all over them. */
export function spread<Row>(rows: readonly Row[], most: number): Row[] {
  const step = Math.max(1, rows.length / most);
  return Array.from({ length: Math.min(most, rows.length) }, (_, n) => rows[Math.floor(n * step)] as Row);
}

function turnsOf(rows: readonly Pick<ConversationRow, 'turns'>[]): number {
  return rows.reduce((sum, { turns }) => sum + turns.length, 0);
}

function vectorCalls({ rows }: ScoringPart): number {
  return Math.ceil(rows / rowsPerVectorCall);
}
