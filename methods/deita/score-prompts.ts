/** Builds the prompts that ask for a score, and reads the score out of what comes back. */

import type { Aspect } from '../../activities/types.js';
import { fillSlots, type Prompt, type PromptForm, type TokenLogprob } from '../prompt.js';
import type { RecipeWords } from '../prompt-options.js';
import { parseRating } from '../rating.js';
import { cleanText, enclosed } from '../text.js';
import { expectedScore } from './expected-score.js';
import { fill } from './fill.js';
import { JSON_JUDGE_SAMPLING, JUDGE_SAMPLING, LOGITS_SAMPLING, SCORE_TOP_LOGPROBS } from './sampling.js';
import { judgeInJson, publishedPrompts, type Scorer, scoreTemplates } from './templates-score.js';

export type { Scorer } from './templates-score.js';

const MARKS = ['instruction', 'response'] as const;

export interface ScorePromptOptions {
  /** `logits`: the published scorers' own prompt. `judge`: a rubric for any model (**ours**). */
  scorer: Scorer;
  /** The scorer models continue a text; chats get the same text as one message, without the recipe's words. */
  form: PromptForm;
  /** How a judge answers: with a digit, whose logprobs count where they come, or with JSON. Default: a digit. */
  answers?: 'digit' | 'json';
  /** `system` reaches a judge; `domain` and `language` change nothing, as scores are to be comparable. */
  options: RecipeWords;
}

/** Asks how complex an instruction is, from 1 to 6. */
export function complexityPrompt(input: { instruction: string } & ScorePromptOptions): Prompt {
  return scorePrompt({ ...input, aspect: 'complexity', texts: { instruction: input.instruction } });
}

/** Asks how good a response is, from 1 to 6. */
export function qualityPrompt(input: { instruction: string; response: string } & ScorePromptOptions): Prompt {
  const { instruction, response } = input;
  return scorePrompt({ ...input, aspect: 'quality', texts: { instruction, response } });
}

/**
 * The published scorers' prompt as one text, after which they say a digit: what `logits` sends, and what a scorer is trained
 * on. The texts stand in it as they are (the authors neither trim nor mark them), apart from control characters.
 * Throws when `quality` has no response.
 */
export function scorerText(
  aspect: Aspect,
  { instruction, response }: { instruction: string; response?: string | null },
): string {
  return fillSlots(publishedPrompts[aspect], {
    instruction: cleanText(instruction),
    ...(typeof response === 'string' ? { response: cleanText(response) } : {}),
  });
}

function scorePrompt({
  aspect,
  texts,
  scorer,
  form,
  answers = 'digit',
  options,
}: ScorePromptOptions & { aspect: Aspect; texts: Record<string, string> }): Prompt {
  const isJudge = scorer === 'judge';
  const isJson = isJudge && answers === 'json';
  if (isJson && form !== 'chat') throw new RangeError('a judge that answers in JSON is a chat');
  const shown = isJudge ? (text: string) => enclosed(text, MARKS) : cleanText;
  return fill({
    templates: isJson
      ? { ...scoreTemplates.judge[aspect], chat: judgeInJson[aspect] }
      : scoreTemplates[scorer][aspect],
    form,
    slots: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, shown(text)])),
    sampling: isJson ? JSON_JUDGE_SAMPLING : isJudge ? JUDGE_SAMPLING : LOGITS_SAMPLING,
    stop: isJudge ? [']', '\n'] : [],
    options: isJudge ? options : {},
    // What stands first in JSON is a bracket.
    ...(!isJson && { topLogprobs: SCORE_TOP_LOGPROBS }),
  });
}

/** What came back for a score prompt. */
export interface ScoreAnswer {
  text: string;
  /** The likeliest first tokens; absent, null or empty where the endpoint gave none. */
  firstToken?: readonly TokenLogprob[] | null | undefined;
}

export type ReadScore =
  | { score: number; from: 'logprobs' | 'text' }
  | { score: null; reason: 'no-logprobs' | 'too-little-mass' | 'no-score' };

/**
 * The score of an answer. `logits`: from the logprobs alone. `judge`: from them where the six score tokens hold enough of the
 * probability, else the number that the text gives: `5`, `Score: 5`, `5/6`, `**5**`, `{"score": 5}`, `4.5`. What is off
 * the scale (7, 0, 5/10) is no score, and nothing is moved onto it; neither is a text with several numbers in one line.
 */
export function readScore({ text, firstToken, scorer }: ScoreAnswer & { scorer: Scorer }): ReadScore {
  const expected = firstToken?.length ? expectedScore(firstToken) : null;
  if (expected !== null && expected.score !== null) return { score: expected.score, from: 'logprobs' };
  if (scorer === 'logits')
    return { score: null, reason: expected === null ? 'no-logprobs' : 'too-little-mass' };
  const score = scoreInText(text);
  return score === null ? { score: null, reason: 'no-score' } : { score, from: 'text' };
}

/**
 * Whether an answer says anything that a score can be read from: logprobs, whatever they hold, or a number on the scale. Asking
 * again for the same first token would bring the same logprobs.
 */
export function isUsableScore({ text, firstToken }: ScoreAnswer): boolean {
  return Boolean(firstToken?.length) || scoreInText(text) !== null;
}

/** Of the whole text, else of its first line: a judge's reasons below it may have numbers of their own. */
function scoreInText(text: string): number | null {
  const clean = cleanText(text).trim();
  return parseRating(clean) ?? parseRating(clean.split('\n', 1)[0] as string);
}
