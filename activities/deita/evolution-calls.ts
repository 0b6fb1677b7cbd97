/** Which calls DEITA's evolution makes, and their prompts. */
import { evolvePrompt, gainPrompt, rankPrompt } from '../../methods/deita/evolve-prompts.js';
import { shuffledOrder } from '../../methods/deita/ranking.js';
import { type EvolutionStrategy, usualStrategies } from '../../methods/deita/strategies.js';
import type { Prompt } from '../../methods/prompt.js';
import { seededRandom } from '../../methods/random.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { promptFormOf } from '../recipe-teacher.js';
import { wordsOf } from '../recipe-words.js';
import type { PromptChoice } from '../round-prompts.js';
import type { DeitaChoice } from '../rows.js';
import type { Runs, StoredRecipe } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import { teacherOf } from '../teachers.js';
import type { Candidate, EvolutionPhase, RoundInput } from '../types.js';
import {
  evolutionOf,
  evolveOf,
  type Origin,
  readOrigins,
  type Survivor,
  survivorsBefore,
  variantText,
} from './evolution.js';

/** What the prompts of one phase are made of besides the plan's rows; lists are by origin. */
export interface EvolutionSources {
  origins: Origin[];
  /** The origin itself, then what earlier rounds have left of its variants. */
  survivors: Survivor[][];
  /** `gain`: what this round has made of it. */
  evolved: Map<number, string>;
}

/** In call order; the same for every attempt. */
export async function chooseEvolutionCalls(
  runs: Runs,
  at: RoundInput,
  phase: EvolutionPhase,
): Promise<PromptChoice[]> {
  const recipe = await runs.recipe(at.run);
  switch (phase) {
    case 'evolve': {
      const origins = await readOrigins(runs.store, at.run.runId);
      return origins.map((_, origin) => about({ origin, strategy: drawStrategy(recipe, { ...at, origin }) }));
    }
    case 'gain':
      return (await undecided(runs, at)).map((candidate) => ({
        ...about({ origin: evolutionOf(candidate).row }),
        candidateId: candidate.id,
      }));
    case 'rank': {
      const { survivors } = await evolutionSources(runs, at, phase);
      return survivors.flatMap((texts, origin) =>
        texts.length < 2
          ? []
          : [about({ origin, order: drawOrder(recipe, { origin, count: texts.length }) })],
      );
    }
  }
}

function about(deita: DeitaChoice): PromptChoice {
  return { seedIds: [], candidateId: null, isClassification: null, deita };
}

function drawStrategy(
  recipe: StoredRecipe,
  { round, origin }: { round: number; origin: number },
): EvolutionStrategy {
  const { aspect, strategies = usualStrategies[aspect] } = evolveOf(recipe);
  const random = seededRandom(recipe.seed, 'evolve', round, 'origin', origin);
  return strategies[random.int(strategies.length)] as EvolutionStrategy;
}

function drawOrder({ seed }: StoredRecipe, { origin, count }: { origin: number; count: number }): number[] {
  return shuffledOrder({ count, random: seededRandom(seed, 'rank', 'origin', origin) });
}

/** This round's variants that nothing speaks against so far. */
async function undecided(runs: Runs, { run, round }: RoundInput): Promise<Candidate[]> {
  const variants = await readJsonlAt<Candidate>(runs.store, roundFiles(run.runId, round).screened);
  return variants.filter(({ verdict }) => verdict.state === 'undecided');
}

export async function evolutionSources(
  runs: Runs,
  at: RoundInput,
  phase: EvolutionPhase,
): Promise<EvolutionSources> {
  const evolve = evolveOf(await runs.recipe(at.run));
  const { runId } = at.run;
  const origins = await readOrigins(runs.store, runId);
  const survivors = await survivorsBefore(runs.store, { runId, round: at.round, origins, evolve });
  const made = phase === 'gain' ? await undecided(runs, at) : [];
  const evolved = new Map(made.map((one) => [evolutionOf(one).row, variantText(one, evolve)]));
  return { origins, survivors, evolved };
}

/** The prompt of one call. Throws when the plan names something that the round does not have. */
export function evolutionPrompt(
  options: { recipe: StoredRecipe; phase: EvolutionPhase; sources: EvolutionSources },
  choice: DeitaChoice,
): Prompt {
  const { recipe, phase, sources } = options;
  const { aspect } = evolveOf(recipe);
  const row = given(choice.origin);
  const { instruction } = given(sources.origins[row]);
  const texts = given(sources.survivors[row]).map(({ text }) => text);
  const common = { aspect, form: promptFormOf(teacherOf(recipe, phase)), options: wordsOf(recipe) };
  switch (phase) {
    case 'evolve': {
      const text = given(texts.at(-1));
      const strategy = given(choice.strategy) as EvolutionStrategy;
      return evolvePrompt({
        ...common,
        strategy,
        ...(aspect === 'complexity' ? { instruction: text } : { instruction, response: text }),
      });
    }
    case 'gain':
      return gainPrompt({ ...common, before: given(texts.at(-1)), after: given(sources.evolved.get(row)) });
    case 'rank':
      return rankPrompt({
        ...common,
        texts: given(choice.order).map((place) => given(texts[place])),
        ...(aspect === 'quality' && { instruction }),
      });
  }
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the plan names something that this round does not have');
  return value;
}
