/** What a plan rests on, and what it leaves out, in words. */
import type { StoredRecipe } from '../../activities/run-data.js';
import { needsVectors, startsFromData } from '../../activities/recipe-deita.js';
import { scoringPhasesOf } from '../../activities/recipe-phases.js';
import { unpricedTeachers } from '../../activities/teachers.js';
import type { Rounds } from './expect.js';
import type { RunExpectation } from './run-expectation.js';
import type { Measured } from './measure.js';

export function notesOf(options: {
  recipe: StoredRecipe;
  measured: Measured;
  plan: Omit<RunExpectation, 'notes'>;
  played: Rounds | null;
}): string[] {
  const { recipe, measured, plan, played } = options;
  const isAssumed = ({ basis, calls }: RunExpectation['phases'][number]) =>
    basis.from === 'assumed' && calls > 0;
  const assumed = plan.phases.filter(isAssumed).map(({ phase }) => phase);
  const unpriced = unpricedTeachers(recipe);
  return [
    ...(measured.outcomes ? [yieldInWords(measured.outcomes)] : []),
    ...(assumed.length > 0
      ? [
          `Assumed for ${assumed.join(', ')}: one request a call; prompts as this recipe words them, counted with OpenAI's o200k_base; answers ${answersInWords(recipe)}.`,
        ]
      : []),
    ...stagesInWords(recipe),
    ...(recipe.method === 'skillmix' || played === null
      ? []
      : ['A growing pool rejects more: what is accepted of a call may fall from round to round.']),
    ...(recipe.method === 'evolve'
      ? [
          'The most there can be: a variant that is eliminated at once is not judged, and a row of which nothing is left is not ranked.',
        ]
      : []),
    ...(unpriced === null
      ? []
      : [
          `No price is known for ${unpriced}: set it in the recipe (price.inputUsdPerMTok, price.outputUsdPerMTok).`,
        ]),
    ...stopInWords(recipe, plan, played),
    ...budgetInWords(recipe, plan),
    'Answers that the store has already cost nothing, and are not taken off; what a crash makes the run pay twice is not added.',
  ];
}

function answersInWords({ method }: StoredRecipe): string {
  if (method === 'evolve') return 'fifteen words longer than the text before them';
  if (startsFromData(method)) return 'as methods/deita/expected.ts guesses';
  return method === 'skillmix'
    ? 'as long as the authors’ published examples, or as methods/skillmix/expected.ts guesses'
    : 'as long as the seed tasks';
}

/** What no call is counted for, and what is assumed of rows that are not there yet. */
function stagesInWords(recipe: StoredRecipe): string[] {
  const { score, select, method } = recipe;
  const byStudent = [
    ...(score?.scorer === 'student' ? ['scores'] : []),
    ...(select && needsVectors(select.by) && select.embedder === 'student' ? ['vectors'] : []),
  ];
  const isGenerated = scoringPhasesOf(recipe).length > 0 && !startsFromData(method);
  return [
    ...(byStudent.length > 0
      ? [`The student on this machine makes the ${byStudent.join(' and ')}: no calls.`]
      : []),
    ...(isGenerated ? ['Examples that are scored are taken to have one turn each.'] : []),
  ];
}

function yieldInWords({ begun, accepted, rejected, runs }: NonNullable<Measured['outcomes']>): string {
  const reasons = Object.entries(rejected)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${reason} ${count}`);
  const why = reasons.length > 0 ? `; rejected: ${reasons.join(', ')}` : '';
  return `Earlier (${runs.join(', ')}): ${begun} calls that began something came to ${accepted} accepted examples${why}.`;
}

function stopInWords(
  { target, stop }: StoredRecipe,
  { examples }: Pick<RunExpectation, 'examples'>,
  played: Rounds | null,
): string[] {
  if (played === null || played.stop === 'target') return [];
  const limit = played.stop === 'maxRounds' ? stop.maxRounds : stop.maxCallsPerAccepted;
  return [`stop.${played.stop} (${limit}) ends the run with ${examples} of ${target} examples.`];
}

function budgetInWords({ budget }: StoredRecipe, { total }: Pick<RunExpectation, 'total'>): string[] {
  const needed = {
    usd: total.usd,
    calls: total.requests,
    tokens: total.promptTokens + total.completionTokens,
  };
  return (['usd', 'calls', 'tokens'] as const).flatMap((key) => {
    const limit = budget[key];
    const need = needed[key];
    if (limit === undefined || need === null || need <= limit) return [];
    return [`budget.${key} is ${limit}, less than is expected: the run will pause before its end.`];
  });
}
