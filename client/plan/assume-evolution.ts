/** What DEITA's evolution needs where nothing was measured: prompts that are really built of the given rows. */
import { evolveOf } from '../../activities/deita/evolution.js';
import { promptFormOf } from '../../activities/recipe-teacher.js';
import { wordsOf } from '../../activities/recipe-words.js';
import type { GivenRow } from '../../activities/rows.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { teacherOf } from '../../activities/teachers.js';
import type { CallPhase } from '../../activities/types.js';
import { evolvePrompt, gainPrompt, rankPrompt } from '../../methods/deita/evolve-prompts.js';
import { usualStrategies } from '../../methods/deita/strategies.js';
import type { Prompt } from '../../methods/prompt.js';
import type { GivenRows } from '../run-identity.js';
import type { AssumedCall } from './assume-skillmix.js';
import type { Calls } from './expect.js';
import { type CountTokens, meanPromptTokens } from './tokens.js';

/** Rows whose prompts are built and counted. */
const samples = 50;
/** Words that a variant adds: the prompts ask for 10 to 20. */
const added = ' and this is fifteen words more than there were in the text that came before';
/** `{"judgement": "Not equal"}`. */
const judgementTokens = 8;
/** `"1": 3, `, and what is around it. */
const scoreTokens = 6;

interface Assuming {
  recipe: StoredRecipe;
  given: GivenRows;
  count: CountTokens;
}

/** If nothing is eliminated: what is eliminated at once is not judged, and an origin without survivors not ranked. */
export function expectEvolution({ recipe, given }: Pick<Assuming, 'recipe' | 'given'>): Calls {
  const { length: origins } = given.data ?? [];
  const variants = origins * evolveOf(recipe).rounds;
  return { evolve: variants, gain: variants, rank: origins };
}

/** In the middle of the rounds. */
export function assumeEvolutionCall({ recipe, given, count }: Assuming, phase: CallPhase): AssumedCall {
  const { rounds } = evolveOf(recipe);
  const rows = (given.data ?? []).slice(0, samples);
  const prompts = rows.map((row) => promptOf(recipe, phase, row));
  const texts = rows.map((row) => count(grown(row, recipe, rounds / 2)));
  const text = texts.reduce((sum, tokens) => sum + tokens, 0) / Math.max(1, texts.length);
  const tokens: Partial<Record<CallPhase, number>> = {
    evolve: text,
    gain: judgementTokens,
    rank: scoreTokens * (rounds + 1),
  };
  const promptTokens = meanPromptTokens(
    prompts.map(({ body }) => body),
    count,
  );
  return { promptTokens, completionTokens: tokens[phase] ?? 0, cutOff: 0 };
}

function promptOf(recipe: StoredRecipe, phase: CallPhase, row: GivenRow): Prompt {
  const { aspect, rounds, strategies = usualStrategies[aspect] } = evolveOf(recipe);
  const common = { aspect, form: promptFormOf(teacherOf(recipe, phase)), options: wordsOf(recipe) };
  const before = grown(row, recipe, rounds / 2);
  const instruction = row.turns[0]?.instruction ?? '';
  const ofQuality = aspect === 'quality' ? { instruction } : {};
  switch (phase) {
    case 'evolve': {
      const strategy = strategies[0] ?? usualStrategies[aspect][0];
      if (strategy === undefined) throw new Error(`${aspect} has no ways to evolve`);
      return evolvePrompt({
        ...common,
        strategy,
        ...(aspect === 'quality' ? { instruction, response: before } : { instruction: before }),
      });
    }
    case 'gain':
      return gainPrompt({ ...common, before, after: `${before}${added}` });
    case 'rank': {
      const texts = Array.from({ length: rounds + 1 }, (_, n) => grown(row, recipe, n));
      return rankPrompt({ ...common, texts, ...ofQuality });
    }
    default:
      throw new Error(`evolution makes no calls for ${phase}`);
  }
}

/** What varies of a row, so many rounds on. */
function grown({ turns }: GivenRow, recipe: StoredRecipe, rounds: number): string {
  const [first] = turns;
  const text = evolveOf(recipe).aspect === 'quality' ? first?.response : first?.instruction;
  return `${text ?? ''}${added.repeat(Math.round(rounds))}`;
}
