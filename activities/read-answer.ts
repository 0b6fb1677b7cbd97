/** What counts as a usable answer in each phase; the one place where calls and candidates agree on it. */
import type { PromptForm, TokenLogprob } from '../methods/prompt.js';
import {
  parseAnswer,
  parseClassification,
  parseInstances,
  parseInstructions,
  parseTasks,
} from '../methods/self-instruct/parse.js';
import { decodeVectors } from '../methods/embedding.js';
import { extractionProblem, isMendedJson, isUsableList, isUsableTurn } from '../methods/skillmix/parse.js';
import { isMendedJson as isMendedList, jsonProblem } from '../methods/self-instruct/parse-json.js';
import type { Parsed, Task } from '../methods/self-instruct/parsed.js';
import { deitaProblem, isMendedDeitaAnswer, isUsableDeitaAnswer } from './deita/read-answer.js';
import { isDeita, isSelfInstruct } from './phases.js';
import type {
  AnswerFailure,
  CallPhase,
  ExtractionPhase,
  Instance,
  SelfInstructPhase,
  SkillMixPhase,
} from './types.js';

export interface AnswerText {
  text: string;
  truncated: boolean;
  /** What its first token might have been, likeliest first; absent where no logprobs came. */
  firstToken?: TokenLogprob[];
}

/** Items of an answer, in its order. In the answering phases an item is an instance without an instruction. */
export function readItems(options: {
  phase: SelfInstructPhase;
  form: PromptForm;
  answer: AnswerText;
  isClassification?: boolean | null;
}): Parsed<Task>[] {
  const { phase, form } = options;
  const answer = { ...options.answer, form };
  switch (phase) {
    case 'tasks':
      return parseTasks(answer);
    case 'instructions':
      return parseInstructions(answer).map((item) =>
        item.rejected ? item : { ...item, value: { instruction: item.value, input: '', output: '' } },
      );
    case 'instances':
      return parseInstances({ ...answer, isClassification: options.isClassification === true }).map((item) =>
        item.rejected ? item : { ...item, value: withoutInstruction(item.value) },
      );
    case 'answers':
      return parseAnswer(answer).map((item) =>
        item.rejected ? item : { ...item, value: withoutInstruction({ input: '', output: item.value }) },
      );
    case 'classify':
      return [];
  }
}

/** null: usable. An answer without a single good item has failed, and a fresh sample may be asked for. */
export function answerFailure(options: {
  phase: CallPhase;
  form: PromptForm;
  answer: AnswerText;
  isClassification?: boolean | null;
  /** `rank`: how many texts were shown. */
  ranked?: number | undefined;
}): AnswerFailure | null {
  const { phase, form, answer } = options;
  if (phase === 'classify') return parseClassification({ ...answer, form }) === null ? 'unparsable' : null;
  if (isUsable({ ...options, phase })) return null;
  return answer.truncated ? 'truncated' : 'unparsable';
}

function isUsable(options: {
  phase: Exclude<CallPhase, 'classify'>;
  form: PromptForm;
  answer: AnswerText;
  isClassification?: boolean | null;
  ranked?: number | undefined;
}): boolean {
  const { phase, answer } = options;
  if (isDeita(phase))
    return phase === 'vectors' ? isVectors(answer.text) : isUsableDeitaAnswer(phase, answer, options);
  return isSelfInstruct(phase)
    ? readItems({ ...options, phase }).some((item) => item.rejected === null)
    : isUsableSkillMixAnswer(phase, answer);
}

/**
 * What is wrong with an answer in JSON that cannot be read, in words that its model can act on. Nothing of the answer is
 * in them: what a teacher wrote may look like an order to itself.
 */
export function answerProblem({ phase, text }: { phase: CallPhase; text: string }): string {
  switch (phase) {
    case 'instructions':
    case 'instances':
    case 'tasks':
      return jsonProblem(text, phase);
    case 'classify':
    case 'answers':
      throw new Error(`${phase} is not answered in JSON`);
    case 'evolve':
    case 'gain':
    case 'rank':
    case 'complexity':
    case 'quality':
    case 'vectors':
      return deitaProblem(phase, text);
    default:
      return extractionProblem(text, phase);
  }
}

/** Whether an answer that was wanted in JSON can be read only once its JSON is mended. */
export function isMendedAnswer({ phase, text }: { phase: CallPhase; text: string }): boolean {
  if (isDeita(phase)) return isMendedDeitaAnswer(phase, text);
  return isSelfInstruct(phase) ? isMendedList(text) : isMendedJson(text);
}

/** A list with one good item at least, vectors, or a turn that the conversation can go on from, cut off or not. */
function isUsableSkillMixAnswer(
  phase: ExtractionPhase | SkillMixPhase,
  { text, truncated }: AnswerText,
): boolean {
  switch (phase) {
    case 'topics':
    case 'topic-skills':
    case 'row-skills':
    case 'query-types':
    case 'synonyms':
      return isUsableList(phase, text);
    case 'embeddings':
      return isVectors(text);
    default:
      return isUsableTurn(phase, text, { truncated });
  }
}

function isVectors(text: string): boolean {
  try {
    decodeVectors(text);
    return true;
  } catch {
    // The client has checked what it stored: this is another one's answer.
    return false;
  }
}

function withoutInstruction(instance: Instance): Task {
  return { instruction: '', ...instance };
}
