import { readJsonlAt } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import { roundFiles } from './run-files.js';
import type { Candidate } from './types.js';

/** A round's accepted candidates, in call order. Throws `CorruptDataError` when the round has not been decided. */
export async function acceptedIn(
  store: Store,
  { runId, round }: { runId: string; round: number },
): Promise<Candidate[]> {
  const rows = await readJsonlAt<Candidate>(store, roundFiles(runId, round).candidates);
  return rows.filter(({ verdict }) => verdict.state === 'accepted');
}
