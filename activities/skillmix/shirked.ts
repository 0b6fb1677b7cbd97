import { type PlannedCallRow, readCalls } from '../phase-calls.js';
import type { Runs } from '../run-data.js';
import type { RoundInput } from '../types.js';

/** The calls of a round that gave an example a worse answer, by candidate; none without shirkers. */
export async function readShirked(
  runs: Runs,
  { run, round }: RoundInput,
): Promise<Map<string, PlannedCallRow>> {
  const calls = await readCalls(runs, { run, round, phase: 'shirk' });
  return new Map(calls.map((row) => [row.plan.candidateId as string, row]));
}
