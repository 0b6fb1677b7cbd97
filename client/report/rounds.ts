/** The rounds of a run, counted as `status` and `verify` count them. */
import { countCalls, countCandidates, readPhases } from '../../activities/count-round.js';
import type { Candidate } from '../../activities/types.js';
import type { Store } from '../../store/types.js';
import type { StatusReport } from '../status.js';
import type { ReportRound } from './report-data.js';
import { candidatesOf } from './run-rows.js';

/** Reads every round once; `visit` sees every candidate, in call order. */
export async function readRounds(
  store: Store,
  options: {
    runId: string;
    rounds: number;
    status: Pick<StatusReport, 'notes' | 'heldOutLoss'>;
    visit: (candidate: Candidate) => void;
    onRound: (round: number) => void;
  },
): Promise<ReportRound[]> {
  const { runId, rounds, status, visit, onRound } = options;
  const notes = new Map<number, string[]>();
  // Extraction and refinement may both have said something.
  for (const { round, note } of status.notes) notes.set(round, [...(notes.get(round) ?? []), note]);
  const losses = new Map(status.heldOutLoss.map(({ round, before, after }) => [round, { before, after }]));
  const read: ReportRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    onRound(round);
    const { calls, costUsd } = countCalls(await readPhases(store, { runId, round }));
    const counts = countCandidates(visited(await candidatesOf(store, { runId, round }), visit));
    read.push({
      round,
      calls: calls.planned,
      candidates: counts.parsed,
      accepted: counts.accepted,
      rejected: counts.rejected,
      costUsd,
      heldOutLoss: losses.get(round) ?? null,
      note: (notes.get(round) ?? []).join(' '),
    });
  }
  return read;
}

function* visited(rows: Iterable<Candidate>, visit: (row: Candidate) => void): Generator<Candidate> {
  for (const row of rows) {
    visit(row);
    yield row;
  }
}
