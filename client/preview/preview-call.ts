/** One call of a preview: planned, asked, booked and read back by the code of a run's activities, without Temporal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { CallTeacher, sampleChoice, type TeacherCallDeps } from '../../activities/call-teacher.js';
import { closeShard } from '../../activities/close-shard.js';
import { readCalls } from '../../activities/phase-calls.js';
import { CallPlanner } from '../../activities/plan-calls.js';
import { RecentRows } from '../../activities/recent-rows.js';
import { RoundPrompts } from '../../activities/round-prompts.js';
import type { CallRow, PlanRow } from '../../activities/rows.js';
import type { Runs } from '../../activities/run-data.js';
import { roundFiles } from '../../activities/run-files.js';
import { readSamples } from '../../activities/sample-path.js';
import { fitsIn, spendOf, sumSpend } from '../../activities/spend-book.js';
import { TeacherClients } from '../../activities/teacher-client/clients.js';
import type { Budget, CallPhase, PlanCallsInput, RunContext, Spend } from '../../activities/types.js';
import type { PromptBody } from '../../methods/prompt.js';
import { readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { type Attempt, readAttempts } from '../../store/ledger.js';
import { ResponseStore } from '../../store/response-store.js';
import { processWriter } from '../../store/writer.js';
import { previewAttempts } from './preview-ledger.js';

/** A provider that does not answer is asked so often in all; a run would go on for hours. */
const mostAttempts = 4;

/** A call that a preview has made, or has found in the store. */
export interface PreviewedCall extends CallRow {
  prompt: PromptBody;
  /** Requests that this preview has sent for it; 0: its answer was in the store. */
  sent: number;
}

export interface PreviewCallsOptions {
  runs: Runs;
  run: RunContext;
  budget: Budget;
  stateDir: string;
}

/** Makes the calls of a preview's one round. */
export class PreviewCalls {
  readonly made: PreviewedCall[] = [];
  private readonly options: PreviewCallsOptions;
  private readonly deps: TeacherCallDeps;
  private readonly teacher: CallTeacher;
  private readonly planner: CallPlanner;

  constructor(options: PreviewCallsOptions) {
    this.options = options;
    const { runs, stateDir } = options;
    const prompts = new RoundPrompts(runs);
    this.deps = { runs, prompts, recent: new RecentRows(), writer: processWriter(), stateDir, share: null };
    this.teacher = new CallTeacher(this.deps, new TeacherClients());
    this.planner = new CallPlanner(runs);
  }

  /**
   * The calls of a phase, or the first of them; none where it plans none.
   * @throws UserError when the budget does not allow one, or the teacher does not answer.
   */
  async make(
    phase: CallPhase,
    { wanted, only = Number.POSITIVE_INFINITY }: { wanted?: PlanCallsInput['wanted']; only?: number } = {},
  ): Promise<PreviewedCall[]> {
    const { runs, run } = this.options;
    const at = { run, round: 1, phase };
    const { shards } = await this.planner.planCalls({ ...at, ...(wanted && { wanted }) });
    const file = roundFiles(run.runId, 1).phase(phase).plan;
    const plan = (await readJsonlAt<PlanRow>(runs.store, file)).slice(0, only);
    await writeJsonl(runs.store, file, plan);
    const highest = shards[0]?.highest;
    if (!highest || plan.length === 0) return [];
    const sent: number[] = [];
    const failed: { callIndex: number; reason: Exclude<CallRow['outcome'], 'answered'> }[] = [];
    for (const { callIndex } of plan) {
      const before = await this.attempts(phase);
      if (!(await this.isStored(phase, callIndex))) await this.checkBudget(highest);
      const outcome = await this.ask({ phase, callIndex, reserved: highest });
      sent.push((await this.attempts(phase)).length - before.length);
      if (outcome !== 'answered') failed.push({ callIndex, reason: outcome });
    }
    const { deps } = this;
    await closeShard(deps, { ...at, shard: 0, from: 0, to: plan.length, failed, standIns: [] });
    const rows = await readCalls(runs, at);
    const calls = await Promise.all(
      rows.map(async ({ call }): Promise<PreviewedCall> => {
        const { prompt } = await deps.prompts.call({ ...at, callIndex: call.callIndex });
        return { ...call, prompt: prompt.body, sent: sent[call.callIndex] ?? 0 };
      }),
    );
    this.made.push(...calls);
    return calls;
  }

  /** What the ledger has of this recipe's previews, this one among them. */
  async spend(): Promise<Spend> {
    return sumSpend((await previewAttempts(this.options.runs.store, this.options.run.runId)).map(spendOf));
  }

  private async ask(call: {
    phase: CallPhase;
    callIndex: number;
    reserved: Spend;
  }): Promise<CallRow['outcome']> {
    const { run } = this.options;
    const input = { ...call, run, round: 1, shard: 0, place: 0 };
    const activity = `preview/${process.pid}-${Date.now()}-${call.phase}-${call.callIndex}`;
    const calledOff = new AbortController();
    const callOff = () => calledOff.abort();
    process.once('SIGINT', callOff);
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const at = { activity, attempt, signal: calledOff.signal };
          const { outcome } = await this.teacher.call(input, at);
          if (outcome === 'again' || outcome === 'out') return 'unanswered';
          return outcome;
        } catch (error) {
          if (calledOff.signal.aborted) {
            throw new UserError(
              `the preview was called off: its request may be billed all the same, and stands in ${run.runId} with an unknown cost`,
              { cause: error },
            );
          }
          if (!(error instanceof ApplicationFailure)) throw error;
          if (error.nonRetryable || attempt === mostAttempts) {
            throw new UserError(`the teacher has not answered: ${error.message}`, { cause: error });
          }
          await sleep(500 * 2 ** attempt);
        }
      }
    } finally {
      process.off('SIGINT', callOff);
    }
  }

  /** Whether nothing has to be asked. */
  private async isStored(phase: CallPhase, callIndex: number): Promise<boolean> {
    const { runs, run } = this.options;
    const input = { run, round: 1, phase, callIndex };
    const planned = await this.deps.prompts.call(input);
    const choice = sampleChoice({ input, recipe: await runs.recipe(run), planned, place: 0 });
    return (await readSamples(new ResponseStore(runs.store), choice)).missing === null;
  }

  private async checkBudget(highest: Spend): Promise<void> {
    const { usd, calls, tokens } = this.options.budget;
    const spent = await this.spend();
    const limit = {
      usd,
      calls: calls ?? Number.POSITIVE_INFINITY,
      tokens: tokens ?? Number.POSITIVE_INFINITY,
    };
    if (fitsIn(sumSpend([spent, highest]), limit)) return;
    throw new UserError(
      `budget: this call may need ${inWords(highest)}, and previews of this recipe have needed ${inWords(spent)} before it; the recipe allows ${inWords(limit)}`,
    );
  }

  private async attempts(phase: CallPhase): Promise<Attempt[]> {
    const { runs, run } = this.options;
    return await readAttempts(runs.store, roundFiles(run.runId, 1).phase(phase).ledger(0));
  }
}

function inWords({ calls, tokens, usd }: Spend): string {
  const parts = [
    ...(usd === null ? [] : [`$${usd.toFixed(6)}`]),
    ...(Number.isFinite(calls) ? [`${calls} request${calls === 1 ? '' : 's'}`] : []),
    ...(Number.isFinite(tokens) ? [`${tokens} tokens`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : 'anything';
}
