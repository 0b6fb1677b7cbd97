/** The prompts of DEITA's calls, built where they are needed from what the plan names. */
import { complexityPrompt, qualityPrompt } from '../../methods/deita/score-prompts.js';
import { embeddingPrompt } from '../../methods/embedding.js';
import type { Prompt } from '../../methods/prompt.js';
import { promptFormOf } from '../recipe-teacher.js';
import { wordsOf } from '../recipe-words.js';
import type { PlanRow } from '../rows.js';
import type { Runs, StoredRecipe } from '../run-data.js';
import type { ConversationRow } from '../student-messages.js';
import { teacherOf } from '../teachers.js';
import type { Aspect, DeitaPhase, RoundInput } from '../types.js';
import { readRows } from './choose-calls.js';
import { evolutionPrompt, type EvolutionSources, evolutionSources } from './evolution-calls.js';

/** What the prompts of one phase are made of besides the plan's rows. */
export interface DeitaSources {
  recipe: StoredRecipe;
  phase: DeitaPhase;
  rows: ConversationRow[];
  /** Only for phases of the evolution. */
  evolution: EvolutionSources | null;
}

/**
 * Bytes of a conversation that an endpoint's embedder is shown, for each of `select.maxTokens` (**ours**): English has four a
 * token, and Chinese three.
 */
const bytesPerToken = 3;

export async function deitaSources(runs: Runs, at: RoundInput, phase: DeitaPhase): Promise<DeitaSources> {
  const isEvolution = phase === 'evolve' || phase === 'gain' || phase === 'rank';
  return {
    recipe: await runs.recipe(at.run),
    phase,
    rows: isEvolution ? [] : await readRows(runs, at),
    evolution: isEvolution ? await evolutionSources(runs, at, phase) : null,
  };
}

/** The prompt of one call. Throws when the plan names something that the round does not have. */
export function deitaPrompt(sources: DeitaSources, { deita = {} }: Pick<PlanRow, 'deita'>): Prompt {
  const { recipe, phase, rows, evolution } = sources;
  switch (phase) {
    case 'complexity':
    case 'quality': {
      const turn = given(given(rows[given(deita.row)]).turns[given(deita.turn)]);
      return scorePrompt(recipe, { aspect: phase, ...turn });
    }
    case 'vectors':
      return embeddingPrompt(rows.slice(given(deita.row), given(deita.to)).map((row) => textOf(row, recipe)));
    case 'evolve':
    case 'gain':
    case 'rank':
      return evolutionPrompt({ recipe, phase, sources: given(evolution ?? undefined) }, deita);
  }
}

/** What a scorer is asked about one turn, without its history. */
function scorePrompt(
  recipe: StoredRecipe,
  { aspect, instruction, response }: { aspect: Aspect; instruction: string; response: string },
): Prompt {
  const { scorer, answers } = given(recipe.score);
  if (scorer === 'student') throw new Error('the student is asked by no call');
  const options = {
    scorer,
    answers,
    form: promptFormOf(teacherOf(recipe, aspect)),
    options: wordsOf(recipe),
  };
  return aspect === 'complexity'
    ? complexityPrompt({ instruction, ...options })
    : qualityPrompt({ instruction, response, ...options });
}

/** A conversation as one text; the end of a long one is cut off (**ours**: endpoints have no chat template). */
function textOf({ turns }: ConversationRow, { select }: StoredRecipe): string {
  const text = turns
    .map(({ instruction, response }) => `User: ${instruction}\n\nAssistant: ${response}`)
    .join('\n\n');
  // What is cut in two is no character, and strict endpoints refuse it.
  const bytes = Buffer.from(text).subarray(0, bytesPerToken * given(select).maxTokens);
  return bytes.toString('utf8').replace(/\ufffd$/, '');
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the plan names something that this round does not have');
  return value;
}
