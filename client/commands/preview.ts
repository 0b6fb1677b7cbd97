import type { Recipe } from '../../activities/recipe.js';
import type { Candidate, Spend } from '../../activities/types.js';
import { excerpt } from '../../methods/text.js';
import { openStore } from '../../store/open-store.js';
import { ensureServices } from '../../workers/services.js';
import type { Context } from '../context.js';
import { promptText, quoted, verdictInWords } from '../foreign-text.js';
import { makePreview, type Preview } from '../preview/make-preview.js';
import type { PreviewedCall } from '../preview/preview-call.js';
import { type InputOptions, readInputs } from '../read-inputs.js';
import { settleTeachers } from '../settle-teachers.js';
import { checkTeachers, servicesFor } from '../start-run.js';
import { printJson } from '../terminal.js';

/** `seedmill preview`: the first calls of a recipe, with what becomes of their answers. Returns the exit code. */
export async function preview(context: Context, options: InputOptions): Promise<number> {
  const { recipe, seeds, heldOut, given } = await readInputs(context, options);
  const opened = await openStore(context.storeUrl);
  const { localTeacher } = servicesFor(recipe, options.recipePath);
  if (localTeacher) {
    const { stateDir, say } = context;
    await ensureServices({ stateDir, say, storeUrl: opened.store.url, needs: { localTeacher } });
  }
  const inputs = { recipe: await settleTeachers(recipe, context.stateDir), seeds, heldOut, given };
  // A batch may take its day: the same calls, one by one and at that price.
  const online = await settleTeachers(oneByOne(recipe), context.stateDir);
  await checkTeachers(oneByOne(recipe), context.stateDir);
  const made = await makePreview({ opened, inputs, online, stateDir: context.stateDir });
  if (recipe.teacher.mode === 'batch')
    made.notes.push('Calls were made one by one, at that price; a run sends them by batch.');
  if (context.json) printJson(made);
  else for (const line of previewLines(made)) context.say(line);
  return made.calls.some(({ outcome }) => outcome !== 'answered') ? 1 : 0;
}

function oneByOne(recipe: Recipe): Recipe {
  const teachers = Object.entries(recipe.teachers).map(([name, one]) => [
    name,
    { ...one, mode: 'online' as const },
  ]);
  return {
    ...recipe,
    teacher: { ...recipe.teacher, mode: 'online' },
    teachers: Object.fromEntries(teachers),
  };
}

/** Everything that a person sees of it. */
export function previewLines(made: Preview): string[] {
  const { calls, candidates, scores, notes, asksAgain, spend, spendSoFar, folder } = made;
  const isStored = calls.every(({ sent }) => sent === 0);
  return [
    ...calls.flatMap(callLines),
    ...candidates.flatMap(candidateLines),
    ...scores.map(({ complexity, quality, score, missing }) => {
      const numbers = (values: readonly (number | null)[]) =>
        values.map((one) => one?.toFixed(2) ?? '–').join(', ');
      const why = missing === null ? '' : ` (${missing})`;
      return `complexity ${numbers(complexity)} · quality ${numbers(quality)} · score ${numbers([score])}${why}`;
    }),
    ...notes,
    isStored && calls.length > 0
      ? 'nothing was sent: the answers were in the store'
      : `sent: ${inWords(spend)}`,
    ...(spendSoFar.calls > spend.calls
      ? [`with earlier previews of this recipe: ${inWords(spendSoFar)}`]
      : []),
    `ledger: ${folder} of the store`,
    ...(asksAgain.length > 0
      ? asksAgain
      : calls.length > 0
        ? ['a run of this recipe finds these answers in the store and does not pay for them again']
        : []),
  ];
}

function callLines(call: PreviewedCall): string[] {
  const { phase, template, teacher, model, outcome, via, prompt, text, sampling, sent } = call;
  const { promptTokens, completionTokens, costUsd, callIndex } = call;
  const cost = costUsd === null ? 'unknown cost' : `$${costUsd.toFixed(6)}`;
  const came = { first: '', repair: ', after it was shown its error', fresh: ', of a fresh sample' }[
    via ?? 'first'
  ];
  return [
    `── ${phase} call ${callIndex} · ${template} · ${excerpt(teacher)} ${excerpt(model)} · temperature ${sampling.temperature}, top_p ${sampling.topP}, at most ${sampling.maxTokens} tokens`,
    ...quoted('prompt', promptText(prompt)),
    ...(text === null ? [] : quoted(`answer (${outcome}${came})`, text)),
    ...(text === null ? [`no answer: ${outcome}`] : []),
    `${promptTokens} + ${completionTokens} tokens · ${cost} · ${sent === 0 ? 'from the store' : `${sent} request${sent === 1 ? '' : 's'} sent`}`,
  ];
}

function candidateLines(candidate: Preview['candidates'][number], index: number): string[] {
  const { instruction, input, output, nearest, neighbour, verdict } = candidate;
  return [
    `── candidate ${index + 1}: ${verdictWords(verdict)}`,
    ...quoted('instruction', instruction),
    ...(input === '' ? [] : quoted('input', input)),
    ...(output === '' ? [] : quoted('output', output)),
    ...(nearest && 'id' in nearest
      ? [
          `nearest: ${nearest.similarity.toFixed(3)} to ${excerpt(nearest.id)}${neighbour ? `: ${excerpt(neighbour.instruction, 120)}` : ''}`,
        ]
      : []),
  ];
}

function verdictWords(verdict: Candidate['verdict']): string {
  return verdict.state === 'undecided' ? 'passed the filter, not answered here' : verdictInWords(verdict);
}

function inWords({ calls, tokens, usd }: Spend): string {
  const cost = usd === null ? 'unknown cost' : `$${usd.toFixed(6)}`;
  return `${calls} request${calls === 1 ? '' : 's'}, ${tokens} tokens, ${cost}`;
}
