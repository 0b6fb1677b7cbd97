import { ApplicationFailure } from '@temporalio/common';
import { readAttempts } from '../store/ledger.js';
import { ResponseStore } from '../store/response-store.js';
import { askTeacher } from './ask-teacher.js';
import { answeredRow } from './call-row.js';
import { type AnswerText, answerFailure, answerProblem } from './read-answer.js';
import type { RecentRows } from './recent-rows.js';
import { promptFormOf } from './recipe-teacher.js';
import type { PlannedCall, RoundPrompts } from './round-prompts.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { roundFiles } from './run-files.js';
import type { SampleChoice } from './sample-path.js';
import { ReservationSpent, type SpendBook, SpendBooks } from './spend-book.js';
import { type AskedOnce, callName } from './teacher-client/ask-once.js';
import type { TeacherClient } from './teacher-client/client.js';
import type { TeacherClients } from './teacher-client/clients.js';
import { Flights } from './teacher-client/flights.js';
import { resolveEndpointOf } from './teacher-endpoint.js';
import { teacherAt, teachersOf } from './teachers.js';
import type { CallResult, CallTeacherInput } from './types.js';
import type { WorkerShare } from './worker-share.js';

/** A teacher that has failed one call so often, without a word about limits, is out: a stand-in is asked. */
const failuresBeforeStandIn = 3;
/** The last stand-in is asked for a quarter of an hour before somebody looks whether another teacher is back. */
const failuresOfLastStandIn = 20;

export interface TeacherCallDeps {
  runs: Runs;
  prompts: RoundPrompts;
  /** For closing their shard. */
  recent: RecentRows;
  /** Names this process in the ledger. */
  writer: string;
  /** Folder in which the local teacher is registered. */
  stateDir: string;
  /** null: the server keeps the limits of the endpoints. */
  share: WorkerShare | null;
}

/** Which attempt at a call this is. */
export interface CallAttempt {
  /** Names the scheduling of the call: `<workflow run>/<activity>`. */
  activity: string;
  /** From 1. */
  attempt: number;
  /** The activity's cancellation signal. */
  signal: AbortSignal;
}

/** The activity `callTeacher`: from (round, phase, call index) to a stored answer. */
export class CallTeacher {
  private readonly deps: TeacherCallDeps;
  private readonly responses: ResponseStore;
  private readonly flights = new Flights<AskedOnce>();
  private readonly clients: TeacherClients;
  private readonly books = new SpendBooks();

  constructor(deps: TeacherCallDeps, clients: TeacherClients) {
    this.deps = deps;
    this.clients = clients;
    this.responses = new ResponseStore(deps.runs.store);
  }

  /** @throws what `askTeacher` throws. */
  async call(input: CallTeacherInput, at: CallAttempt): Promise<CallResult> {
    const { runs, prompts, recent, writer, stateDir, share } = this.deps;
    const { run, round, phase, shard, callIndex, place } = input;
    const { activity, attempt, signal } = at;
    const recipe = await runs.recipe(run);
    const teacher = teacherAt(recipe, phase, place);
    const endpoint = await resolveEndpointOf(teacher, stateDir);
    const planned = await prompts.call(input);
    const name = roundFiles(run.runId, round).phase(phase).ledger(shard);
    const teachers = teachersOf(recipe, phase);
    const book = await this.bookFor({ input, at, ledger: name, hasStandIn: teachers.length > 1 });
    const ended = (outcome: CallResult['outcome'], requests = 0): CallResult => {
      this.books.close(activity);
      return { callIndex, outcome, requests, spend: book.spend() };
    };
    let client: TeacherClient | undefined;
    try {
      client = this.clients.get(endpoint, teacher.timeoutMs);
      const result = await askTeacher(
        {
          client,
          responses: this.responses,
          flights: this.flights,
          writer,
          turn: async (signal) => await share?.turn({ queue: teacher.queue, signal }),
        },
        {
          ...sampleChoice({ input, recipe, planned, place }),
          ledger: { name, callIndex, activity, attempt },
          price: teacher.price,
          book,
          signal,
        },
      );
      if (result.counted) {
        recent.keep(input, answeredRow({ phase, planned, teacher, counted: result.counted }));
      }
      return ended(result.outcome, result.sent);
    } catch (error) {
      const hasNext = place < teachers.length - 1;
      // The book begins anew with each scheduling of the call; other processes' failures are in it.
      const seenHere = (hasNext && client?.health.failuresOf(callName({ name, callIndex }))) || 0;
      const patience = hasNext ? failuresBeforeStandIn : failuresOfLastStandIn;
      const isOut = teachers.length > 1 && Math.max(book.failures, seenHere) >= patience;
      if (error instanceof ReservationSpent) return ended(isOut ? 'out' : 'again');
      if (!(error instanceof ApplicationFailure)) throw error;
      if (isOut && error.type === 'ProviderUnavailable') return ended('out');
      if (!error.nonRetryable) throw error;
      // The last word of this scheduling; what it cost goes along.
      this.books.close(activity);
      throw ApplicationFailure.nonRetryable(error.message, error.type, book.spend());
    }
  }

  private async bookFor(call: {
    input: CallTeacherInput;
    at: CallAttempt;
    ledger: string;
    hasStandIn: boolean;
  }): Promise<SpendBook> {
    const { input, at, ledger, hasStandIn } = call;
    const reserved = input.reserved ?? null;
    return await this.books.open({
      ...at,
      reserved,
      matters: reserved !== null || hasStandIn,
      readAttempts: () => readAttempts(this.deps.runs.store, ledger),
    });
  }
}

/** An answer is judged for the ledger and for the call: it is read once. */
function remembering(failureOf: SampleChoice['failureOf']): SampleChoice['failureOf'] {
  let last: { answer: AnswerText; failure: ReturnType<typeof failureOf> } | null = null;
  return (answer) => {
    if (!last || !isSame(last.answer, answer)) last = { answer, failure: failureOf(answer) };
    return last.failure;
  };
}

function isSame(a: AnswerText, b: AnswerText): boolean {
  return a.text === b.text && a.truncated === b.truncated && a.firstToken === b.firstToken;
}

/** Which stored answers belong to a planned call: the one place that says so, for asking and for reading back. */
export function sampleChoice(options: {
  input: Pick<CallTeacherInput, 'run' | 'round' | 'phase' | 'callIndex'>;
  recipe: StoredRecipe;
  planned: PlannedCall;
  /** Which of the phase's teachers is asked. */
  place: number;
}): SampleChoice {
  const { input, recipe, planned, place } = options;
  const { run, round, phase, callIndex } = input;
  const teacher = teacherAt(recipe, phase, place);
  const { row, prompt } = planned;
  const at = { runId: run.runId, round, phase, callIndex };
  const { isClassification, deita } = row;
  return {
    teacher: teacher.identity,
    model: teacher.model,
    body: prompt.body,
    sampling: prompt.sampling,
    runSeed: recipe.seed,
    nth: row.nth,
    scope:
      teacher.reuse === 'project'
        ? { reuse: 'project' }
        : teacher.reuse === 'run'
          ? { reuse: 'run', runId: run.runId }
          : { reuse: 'off', ...at },
    repair: teacher.repair,
    freshSamples: teacher.freshSamples,
    // Vectors were checked before they were stored.
    failureOf: remembering((answer) =>
      prompt.body.form === 'embedding'
        ? null
        : answerFailure({
            phase,
            form: promptFormOf(teacher),
            answer,
            isClassification,
            ranked: deita?.order?.length,
          }),
    ),
    problemOf: (text) => answerProblem({ phase, text }),
  };
}
