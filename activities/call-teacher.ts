import { ResponseStore } from '../store/response-store.js';
import { type AskResult, askTeacher, type SampleChoice } from './ask-teacher.js';
import { answerFailure } from './read-answer.js';
import type { PlannedCall, RoundPrompts } from './round-prompts.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { roundFiles } from './run-files.js';
import type { AskedOnce } from './teacher-client/ask-once.js';
import { createTeacherClient, type TeacherClient } from './teacher-client/client.js';
import { Flights } from './teacher-client/flights.js';
import { resolveEndpointOf, type TeacherEndpoint } from './teacher-endpoint.js';
import type { CallResult, CallTeacherInput } from './types.js';

export interface TeacherCallDeps {
  runs: Runs;
  prompts: RoundPrompts;
  /** Names this process in the ledger. */
  writer: string;
  /** Folder in which the local teacher is registered. */
  stateDir: string;
}

/** The activity `callTeacher`: from (round, phase, call index) to a stored answer. */
export class CallTeacher {
  private readonly deps: TeacherCallDeps;
  private readonly responses: ResponseStore;
  private readonly flights = new Flights<AskedOnce>();
  private readonly clients = new Map<string, TeacherClient>();

  constructor(deps: TeacherCallDeps) {
    this.deps = deps;
    this.responses = new ResponseStore(deps.runs.store);
  }

  async call(
    input: CallTeacherInput,
    { signal, attempt }: { signal: AbortSignal; attempt: number },
  ): Promise<CallResult> {
    const { runs, prompts, writer, stateDir } = this.deps;
    const { run, round, phase, shard, callIndex } = input;
    const recipe = await runs.recipe(run);
    const endpoint = await resolveEndpointOf(recipe, stateDir);
    const planned = await prompts.call(input);
    const result = await askTeacher(
      {
        client: this.clientFor(endpoint, recipe.teacher.timeoutMs),
        responses: this.responses,
        flights: this.flights,
        writer,
      },
      {
        ...sampleChoice({ input, recipe, planned }),
        ledger: { name: roundFiles(run.runId, round).phase(phase).ledger(shard), callIndex, attempt },
        price: recipe.teacher.price,
        signal,
      },
    );
    return toCallResult(callIndex, result);
  }

  /** One client per endpoint, so that its connections are kept alive between calls. */
  private clientFor({ baseUrl, apiKeyEnv }: TeacherEndpoint, timeoutMs: number): TeacherClient {
    const key = JSON.stringify([baseUrl, apiKeyEnv, timeoutMs]);
    const known = this.clients.get(key);
    if (known) return known;
    const client = createTeacherClient({ baseUrl, apiKeyEnv, timeoutMs });
    this.clients.set(key, client);
    return client;
  }
}

/** Which stored answers belong to a planned call: the one place that says so, for asking and for reading back. */
export function sampleChoice(options: {
  input: CallTeacherInput;
  recipe: StoredRecipe;
  planned: PlannedCall;
}): SampleChoice {
  const { input, recipe, planned } = options;
  const { run, round, phase, callIndex } = input;
  const { teacher } = recipe;
  const { row, prompt } = planned;
  const at = { runId: run.runId, round, phase, callIndex };
  return {
    teacher: recipe.teacherIdentity,
    model: recipe.teacherModel,
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
    freshSamples: teacher.freshSamples,
    failureOf: (answer) =>
      answerFailure({ phase, form: teacher.form, answer, isClassification: row.isClassification }),
  };
}

function toCallResult(callIndex: number, result: AskResult): CallResult {
  const { outcome, tokens } = result;
  return { callIndex, outcome, promptTokens: tokens.prompt, completionTokens: tokens.completion };
}
