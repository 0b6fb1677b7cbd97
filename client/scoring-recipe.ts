/** What `seedmill score` makes of a recipe, or of none. */
import path from 'node:path';
import type { Recipe } from '../activities/recipe.js';
import { needsVectors, type ScoreSettings, score, select } from '../activities/recipe-deita.js';
import { parseRecipe, readRecipe } from './recipe-file.js';

export interface ScoringRequest {
  /** Whose rows are scored. */
  file: string;
  /** In place of the recipe's. */
  scorer?: ScoreSettings['scorer'];
  /** Whether rows get vectors too. */
  embeds: boolean;
}

/** Names the recipe of a command without one. Paths of its changes begin where the command runs. */
export const defaultRecipe = 'the default recipe';

/**
 * The recipe of a run that only scores a file, as `recipePath` or the default recipe would.
 * @throws UserError naming file, line and key of everything that is wrong with it.
 */
export async function readScoringRecipe(
  recipePath: string,
  { file, scorer, embeds, set }: ScoringRequest & { set: readonly string[] },
): Promise<Recipe> {
  const changes = [...(scorer === undefined ? [] : [`score.scorer=${scorer}`]), ...set];
  const isDefault = recipePath === defaultRecipe;
  const { recipe } = isDefault
    ? parseRecipe({ path: recipePath, text: defaultText(scorer) }, changes)
    : await readRecipe(recipePath, changes);
  const {
    skillmix: _mix,
    gate: _gate,
    decontaminate: _benchmark,
    evolve: _evolve,
    seeds: _seeds,
    ...kept
  } = recipe;
  const { select: given, ...scoring } = kept;
  return {
    ...scoring,
    name: isDefault ? recipe.name : `${recipe.name}-score`,
    method: 'deita',
    data: path.relative(path.dirname(recipePath), file),
    heldout: null,
    signal: 'none',
    score: recipe.score ?? score.parse({}),
    ...(embeds && { select: embedding(given) }),
  };
}

/** Nothing is selected, so that its size and rule are the same for every recipe. */
function embedding(given: Recipe['select']): Recipe['select'] {
  const { embedder, pooling, maxTokens } =
    given && needsVectors(given.by) ? given : select.parse({ size: 1 });
  return select.parse({ size: 1, embedder, pooling, maxTokens, embedOnly: true });
}

/** Scorer models continue a text; any other one is a chat. */
function defaultText(scorer: ScoringRequest['scorer'] = 'judge'): string {
  const form = scorer === 'judge' ? 'chat' : 'completion';
  const answers = scorer === 'judge' ? 'json' : 'digit';
  return `name: score\nmethod: deita\ndata: .\nteacher: {endpoint: local, form: ${form}}\nscore: {answers: ${answers}}\n`;
}
