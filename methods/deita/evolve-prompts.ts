/** Builds the prompts of DEITA's evolution: the next version of a text, what it gains, and the scores of all versions. */

import type { Aspect } from '../../activities/types.js';
import { languageName } from '../language.js';
import type { Prompt, PromptForm } from '../prompt.js';
import type { RecipeWords } from '../prompt-options.js';
import { enclosed, oneLine } from '../text.js';
import { fill } from './fill.js';
import { EVOLVE_SAMPLING, GAIN_SAMPLING, RANK_SAMPLING } from './sampling.js';
import type { EvolutionStrategy } from './strategies.js';
import {
  evolveTemplates,
  gainTemplates,
  MOST_RANKED,
  rankSchema,
  rankTemplates,
} from './templates-evolve.js';

export {
  evolutionProblem,
  isMendedEvolution,
  isUsableEvolution,
  parseEvolved,
  parseGain,
  parseRanking,
} from './parse-evolution.js';
export { complexityStrategies, qualityStrategies } from './strategies.js';

/** The names of the marks that a text stands between, or that an answer ends with. */
const EVOLVE_MARKS = ['instruction', 'response', 'rewritten'] as const;
const GAIN_MARKS = ['first', 'second'] as const;
const RANK_MARKS = ['instruction', 'text'] as const;

/**
 * Asks for the next version of an instruction (`complexity`) or of the response to it (`quality`). Of the options, `language` is
 * what it is written in (that of the text itself when absent) and `domain` what it stays about.
 * @throws RangeError for a strategy of the other aspect, and for `quality` without a response.
 */
export function evolvePrompt(input: {
  aspect: Aspect;
  strategy: EvolutionStrategy;
  instruction: string;
  response?: string | null | undefined;
  form: PromptForm;
  options: RecipeWords;
}): Prompt {
  const { aspect, strategy, instruction, response, form, options } = input;
  const templates = evolveTemplates[aspect][strategy];
  if (templates === undefined) throw new RangeError(`${strategy} is no way to evolve ${aspect}`);
  return fill({
    templates,
    form,
    slots: {
      instruction: enclosed(instruction, EVOLVE_MARKS),
      ...(aspect === 'quality' ? { response: enclosed(needed(response, 'response'), EVOLVE_MARKS) } : {}),
      subject: subjectInWords(options),
    },
    sampling: EVOLVE_SAMPLING,
    stop: ['</rewritten>'],
    options,
  });
}

/** `It keeps its subject, veterinary medicine, and is written in German.` */
function subjectInWords({ domain, language }: RecipeWords): string {
  const subject = domain ? `its subject, ${oneLine(domain)},` : 'its subject';
  return language
    ? `It keeps ${subject} and is written in ${languageName(oneLine(language))}.`
    : `It keeps ${subject} and its language.`;
}

/** Asks whether the second text is equal to the first: WizardLM's check of instructions; of responses **ours**. */
export function gainPrompt(input: {
  before: string;
  after: string;
  /** What the two are: instructions when absent. */
  aspect?: Aspect | undefined;
  form: PromptForm;
  options: RecipeWords;
}): Prompt {
  return fill({
    templates: gainTemplates[input.aspect ?? 'complexity'],
    form: input.form,
    slots: { before: enclosed(input.before, GAIN_MARKS), after: enclosed(input.after, GAIN_MARKS) },
    sampling: GAIN_SAMPLING,
    stop: ['"', '\n'],
    options: input.options,
  });
}

/**
 * Asks for the scores of all texts, which are numbered from 1 in the order given: instructions, or responses to `instruction`.
 * @throws RangeError for no texts and for more than 6, and for `quality` without an instruction.
 */
export function rankPrompt(input: {
  aspect: Aspect;
  texts: readonly string[];
  instruction?: string | null | undefined;
  form: PromptForm;
  options: RecipeWords;
}): Prompt {
  const { aspect, texts, instruction, form, options } = input;
  const count = texts.length;
  if (count === 0 || count > MOST_RANKED)
    throw new RangeError(`1 to ${MOST_RANKED} texts can be ranked in one call, not ${count}`);
  return fill({
    templates: rankTemplates[aspect],
    form,
    slots: {
      count: String(count),
      example: texts.map((_, place) => `"${place + 1}": n`).join(', '),
      texts: texts
        .map((text, place) => `<text number="${place + 1}">\n${enclosed(text, RANK_MARKS)}\n</text>`)
        .join('\n\n'),
      ...(aspect === 'quality'
        ? { instruction: enclosed(needed(instruction, 'instruction'), RANK_MARKS) }
        : {}),
    },
    sampling: RANK_SAMPLING,
    stop: ['\n\n', `[${count + 1}]`],
    schema: rankSchema(count),
    options,
  });
}

function needed(text: string | null | undefined, what: string): string {
  if (typeof text !== 'string') throw new RangeError(`quality needs the ${what}`);
  return text;
}
