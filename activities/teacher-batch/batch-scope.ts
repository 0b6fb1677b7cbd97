import { type Attempt, readAttempts } from '../../store/ledger.js';
import { ResponseStore } from '../../store/response-store.js';
import { sampleChoice, type TeacherCallDeps } from '../call-teacher.js';
import { callsPerShard } from '../count-round.js';
import type { StoredRecipe } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import type { SampleChoice } from '../sample-path.js';
import type { BatchCaller } from '../teacher-client/batch-client.js';
import type { TeacherClients } from '../teacher-client/clients.js';
import { resolveEndpointOf } from '../teacher-endpoint.js';
import { type SettledTeacher, teacherOf } from '../teachers.js';
import type { BatchCalls, CallFailure } from '../types.js';

export interface TeacherBatchDeps extends Omit<TeacherCallDeps, 'stateDir' | 'share'> {
  stateDir: string;
  clients: TeacherClients;
}

/** The attempt of an activity that is under way. */
export interface ActivityTurn {
  /** From 1. */
  attempt: number;
  signal: AbortSignal;
  /** Says that the work goes on, and lets others have a turn. */
  turn(): Promise<void>;
}

/** The calls of one planned batch, and where everything of them lies. */
export class BatchScope {
  readonly calls: BatchCalls;
  readonly recipe: StoredRecipe;
  readonly teacher: SettledTeacher;
  readonly responses: ResponseStore;
  readonly files: ReturnType<ReturnType<typeof roundFiles>['phase']>;
  private readonly deps: Pick<TeacherCallDeps, 'runs' | 'prompts'>;

  private constructor(
    deps: Pick<TeacherCallDeps, 'runs' | 'prompts'>,
    calls: BatchCalls,
    recipe: StoredRecipe,
  ) {
    this.deps = deps;
    this.calls = calls;
    this.recipe = recipe;
    this.teacher = teacherOf(recipe, calls.phase);
    this.responses = new ResponseStore(deps.runs.store);
    this.files = roundFiles(calls.run.runId, calls.round).phase(calls.phase);
  }

  static async open(deps: Pick<TeacherCallDeps, 'runs' | 'prompts'>, calls: BatchCalls): Promise<BatchScope> {
    return new BatchScope(deps, calls, await deps.runs.recipe(calls.run));
  }

  get store() {
    return this.deps.runs.store;
  }

  /** Which stored answers a call may use. */
  async choice(callIndex: number): Promise<SampleChoice> {
    const { run, round, phase } = this.calls;
    const input = { run, round, phase, callIndex };
    const planned = await this.deps.prompts.call(input);
    return sampleChoice({ input, recipe: this.recipe, planned, place: 0 });
  }

  shards(): { shard: number; from: number; to: number }[] {
    const { from, to } = this.calls;
    const first = this.shardOf(from);
    return Array.from({ length: this.shardOf(to - 1) - first + 1 }, (_, n) => ({
      shard: first + n,
      from: (first + n) * callsPerShard,
      to: Math.min((first + n + 1) * callsPerShard, to),
    }));
  }

  shardOf(callIndex: number): number {
    return Math.floor(callIndex / callsPerShard);
  }

  /** Requests that the endpoint refused for good, by call key: no later file asks for them again. */
  async dropped(): Promise<Map<string, Drop>> {
    const dropped = new Map<string, Drop>();
    for (const { shard } of this.shards()) {
      for (const attempt of await readAttempts(this.store, this.files.ledger(shard))) {
        const reason = dropReason(attempt);
        if (reason) dropped.set(attempt.intent.callKey, { callIndex: attempt.intent.callIndex, reason });
      }
    }
    return dropped;
  }

  /** How to reach the teacher from this worker. @throws as `resolveEndpointOf`. */
  async caller(deps: TeacherBatchDeps, { attempt, signal }: ActivityTurn): Promise<BatchCaller> {
    const endpoint = await resolveEndpointOf(this.teacher, deps.stateDir);
    return { client: deps.clients.get(endpoint, this.teacher.timeoutMs), attempt, signal };
  }
}

export interface Drop {
  callIndex: number;
  reason: CallFailure;
}

/** A content filter that let no answer through leaves no usage; one that cut an answer off does. */
function dropReason({ outcome }: Attempt): CallFailure | null {
  if (!outcome || outcome.usage !== null) return null;
  return outcome.kind === 'invalid-request' || outcome.kind === 'content-filter' ? outcome.kind : null;
}
