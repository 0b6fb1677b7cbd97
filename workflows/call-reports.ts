import { getExternalWorkflowHandle, log } from '@temporalio/workflow';
import type { CallPhase, CallResult, Spend } from '../activities/types.js';
import { isLimited, limitsOf } from './endpoint-limits.js';
import type { PhaseTeacher } from './inputs.js';
import { callsMadeSignal, type Settings } from './messages.js';

/** A report is due after so many calls, or so long, whichever comes first. */
const calls = 50;
const afterMs = 20_000;

interface Unreported {
  calls: number;
  requests: number;
  tokens: number;
}

/** Tells the endpoints with limits what a shard's calls have come to, now and then. */
export class CallReports {
  private readonly options: { runId: string; phase: CallPhase; teachers: PhaseTeacher[]; highest: Spend };
  private readonly unreported: Unreported[];
  /** Calls of each teacher after which the next report is due: early ones come at 1, 2, 4 … calls. */
  private readonly dueAt: number[];
  private reportedAtMs: number;
  private sent: Promise<void> = Promise.resolve();

  constructor(options: CallReports['options']) {
    this.options = options;
    this.unreported = options.teachers.map(() => ({ calls: 0, requests: 0, tokens: 0 }));
    this.dueAt = options.teachers.map(() => 1);
    this.reportedAtMs = Date.now();
  }

  /** What calls may need is known to the phase's own endpoint before the first is made. */
  begin(settings: Settings): void {
    this.report(0, settings);
  }

  /** One call has ended. */
  add({ place, result, settings }: { place: number; result: CallResult; settings: Settings }): void {
    const at = this.unreported[place];
    if (!at || result.requests === 0) return;
    at.calls += 1;
    at.requests += result.requests;
    at.tokens += result.spend.tokens;
    const isDue = at.calls >= (this.dueAt[place] as number) || Date.now() - this.reportedAtMs >= afterMs;
    if (isDue) this.report(place, settings);
  }

  /** Resolves when everything is sent. */
  async close(settings: Settings): Promise<void> {
    for (const [place, { calls }] of this.unreported.entries()) if (calls > 0) this.report(place, settings);
    await this.sent;
  }

  private report(place: number, settings: Settings): void {
    const { runId, phase, teachers, highest } = this.options;
    const teacher = teachers[place] as PhaseTeacher;
    const made = this.unreported[place] as Unreported;
    this.unreported[place] = { calls: 0, requests: 0, tokens: 0 };
    this.dueAt[place] = Math.min(calls, 2 * (this.dueAt[place] as number));
    this.reportedAtMs = Date.now();
    if (!isLimited(limitsOf(teacher, settings))) return;
    const estimate = highest.tokens / Math.max(1, highest.calls);
    const signal = getExternalWorkflowHandle(teacher.queue).signal(callsMadeSignal, {
      runId,
      phase,
      ...made,
      estimate,
    });
    const told = signal.catch((error: unknown) =>
      log.info('nobody keeps the limits of this endpoint', { queue: teacher.queue, error }),
    );
    this.sent = Promise.all([this.sent, told]).then(() => undefined);
  }
}
