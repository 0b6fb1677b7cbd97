/**
 * Which requests one planned call may need, one after another: its own, one that shows a chat model what was wrong
 * with its answer, then fresh samples. A pure function of the answers, so that a call is asked, read back and put
 * into a batch by the same rule.
 */
import { type ChatMessage, type PromptBody, wantsJson } from '../methods/prompt.js';
import { type CallKeyParts, callKey, type ReuseScope } from '../store/call-key.js';
import type { ResponseStore, StoredResponse, TeacherAnswer } from '../store/response-store.js';
import type { AnswerText } from './read-answer.js';
import type { AnsweredVia } from './rows.js';
import type { AnswerFailure, Sampling } from './types.js';

/** Which answers a call may use. */
export interface SampleChoice {
  /** From `teacherIdentity`. */
  teacher: string;
  model: string;
  body: PromptBody;
  sampling: Sampling;
  runSeed: number;
  /** How many earlier calls of this run ask exactly this prompt. */
  nth: number;
  scope: ReuseScope;
  /** Whether an answer that cannot be read may be shown to the model once, with what was wrong. */
  repair: boolean;
  /** Further samples that may be asked for when an answer is of no use. */
  freshSamples: number;
  /** null: usable. Asked only about texts, whole or cut off. */
  failureOf(answer: AnswerText): AnswerFailure | null;
  /** What is wrong with a text that cannot be read, in words for the model. */
  problemOf(text: string): string;
}

/** One request of a call. */
export interface SampleStep {
  parts: CallKeyParts;
  via: AnsweredVia;
}

/** The answer that counts: the first usable one, else the last. */
export interface CountedAnswer {
  outcome: 'answered' | AnswerFailure;
  response: StoredResponse;
  via: AnsweredVia;
}

/** Longest part of a bad answer that is shown to the model again, in bytes of UTF-8. */
const SHOWN_BYTES = 16_384;
const SHOWN_PROBLEM_BYTES = 500;

/** Yields the request that is due, takes its answer, and ends with the answer that counts. */
export function* samplePath(choice: SampleChoice): Generator<SampleStep, CountedAnswer, StoredResponse> {
  for (let fresh = 0; ; fresh += 1) {
    const via = fresh === 0 ? 'first' : 'fresh';
    const response = yield { parts: keyParts(choice, choice.body, fresh), via };
    const failure = answerFailure(choice, response.answer);
    if (failure === null) return { outcome: 'answered', response, via };
    const { kind, text } = response.answer;
    const isShown = fresh === 0 && failure === 'unparsable' && kind === 'text' && text.trim() !== '';
    if (isShown && canRepair(choice)) {
      const body = repairBody(choice.body, text, choice.problemOf(text));
      const repaired = yield { parts: keyParts(choice, body, 0), via: 'repair' };
      const still = answerFailure(choice, repaired.answer);
      if (still === null) return { outcome: 'answered', response: repaired, via: 'repair' };
    }
    if (fresh >= choice.freshSamples) return { outcome: failure, response, via };
  }
}

/** Where a call stands by the answers that the store has. */
export type SampleState =
  | { missing: null; counted: CountedAnswer }
  /** `last`: the newest answer, of no use; null when there is none at all. */
  | { missing: SampleStep; last: CountedAnswer | null };

/** The answer that counts, from the store alone, or the request that is still to be made. */
export async function readSamples(responses: ResponseStore, choice: SampleChoice): Promise<SampleState> {
  const path = samplePath(choice);
  let last: CountedAnswer | null = null;
  for (let step = path.next(); ; ) {
    if (step.done) return { missing: null, counted: step.value };
    const response = await responses.get(callKey(step.value.parts).key);
    if (!response) return { missing: step.value, last };
    last = { outcome: answerFailure(choice, response.answer) ?? 'answered', response, via: step.value.via };
    step = path.next(response);
  }
}

/** The answer of a call from the store, the newest bad one where no more was asked for; null when there is none. */
export async function findAnswer(
  responses: ResponseStore,
  choice: SampleChoice,
): Promise<CountedAnswer | null> {
  const state = await readSamples(responses, choice);
  return state.missing === null ? state.counted : state.last;
}

/** Why an answer is of no use; null: it is usable. */
export function answerFailure(choice: SampleChoice, answer: TeacherAnswer): AnswerFailure | null {
  const { kind, text, firstToken } = answer;
  switch (kind) {
    case 'text':
    case 'truncated':
      return choice.failureOf({ text, truncated: kind === 'truncated', ...(firstToken && { firstToken }) });
    case 'refused':
    case 'content-filter':
      return kind;
    case 'empty':
    case 'too-large':
      return 'unparsable';
  }
}

/** Requests that a call can need at most: what has to be reserved for it. */
export function mostRequests(choice: Pick<SampleChoice, 'body' | 'repair' | 'freshSamples'>): {
  requests: number;
  /** Most tokens by which a repair request can be longer than the call's own. */
  repairTokens: number;
} {
  const repairs = canRepair(choice) ? 1 : 0;
  // A token is one byte at least, and each of the two messages has some around it.
  const repairTokens = SHOWN_BYTES + SHOWN_PROBLEM_BYTES + Buffer.byteLength(repairWords('')) + 64;
  return { requests: 1 + choice.freshSamples + repairs, repairTokens: repairs * repairTokens };
}

/** A text to be continued has no turn in which a model could be told of its error, and free text has no form to miss. */
function canRepair({ body, repair }: Pick<SampleChoice, 'body' | 'repair'>): boolean {
  return repair && wantsJson(body);
}

function repairBody(body: PromptBody, answer: string, problem: string): PromptBody {
  if (body.form !== 'chat') throw new Error('only a chat can be told of an error');
  const told: ChatMessage[] = [
    { role: 'assistant', content: cut(answer, SHOWN_BYTES) },
    { role: 'user', content: repairWords(cut(problem, SHOWN_PROBLEM_BYTES)) },
  ];
  return { ...body, messages: [...body.messages, ...told] };
}

function repairWords(problem: string): string {
  return `Your answer could not be used: ${problem}.\n\nGive the whole answer again, corrected, and nothing else.`;
}

/** At most this many bytes of UTF-8, without half a character at the end. */
function cut(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  return buffer.length <= bytes
    ? text
    : buffer
        .subarray(0, bytes)
        .toString('utf8')
        .replace(/\uFFFD$/, '');
}

function keyParts(choice: SampleChoice, body: PromptBody, fresh: number): CallKeyParts {
  const { teacher, model, sampling, runSeed, nth, scope } = choice;
  return { teacher, model, body, sampling, sample: { runSeed, nth, fresh }, scope };
}
