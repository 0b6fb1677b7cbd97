import { readJsonlAt } from '../store/artifacts.js';
import type { CallRow, PlanRow } from './rows.js';
import type { Store } from '../store/types.js';
import { roundFiles } from './run-files.js';
import type { RoundPhase, RunContext } from './types.js';

export interface PlannedCallRow {
  plan: PlanRow;
  call: CallRow;
}

/** A phase of a round, for readers that need no more of the run than its name. */
type NamedPhase = Omit<RoundPhase, 'run'> & { run: Pick<RunContext, 'runId'> };

/** Every call of a phase that has closed, in call order; none when the phase was never planned (a cancelled run). */
export async function readCalls(
  runs: { store: Store },
  { run, round, phase }: NamedPhase,
): Promise<PlannedCallRow[]> {
  const files = roundFiles(run.runId, round).phase(phase);
  const plan = await readJsonlAt<PlanRow>(runs.store, files.plan, { missing: 'empty' });
  const calls: CallRow[] = [];
  for (let shard = 0; calls.length < plan.length; shard += 1) {
    calls.push(...(await readJsonlAt<CallRow>(runs.store, files.calls(shard))));
  }
  return plan.map((row) => {
    const call = calls[row.callIndex];
    if (call?.callIndex !== row.callIndex) throw new Error(`${files.folder} has no call ${row.callIndex}`);
    return { plan: row, call };
  });
}

/** Those of them whose answer is of use. */
export async function readAnswered(runs: { store: Store }, at: NamedPhase): Promise<PlannedCallRow[]> {
  return (await readCalls(runs, at)).filter(({ call }) => call.outcome === 'answered');
}

/** The calls of a phase by the candidate that each is about; none where the phase was not made. */
export async function callsByCandidate(
  runs: { store: Store },
  at: NamedPhase,
): Promise<Map<string, PlannedCallRow>> {
  return new Map((await readCalls(runs, at)).map((row) => [row.plan.candidateId as string, row]));
}
