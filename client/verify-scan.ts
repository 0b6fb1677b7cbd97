import type { StoredRecipe } from '../activities/run-data.js';
import { scanCandidates } from '../activities/scan-candidates.js';
import type { Candidate } from '../activities/types.js';

/** Scans once more what a scan has looked at: verdicts and flags must be the same. */
export async function verifyScan(recipe: StoredRecipe, candidates: readonly Candidate[]): Promise<string[]> {
  const looked = candidates.filter(
    ({ verdict }) =>
      verdict.state === 'accepted' || (verdict.state === 'rejected' && verdict.reason === 'personal-data'),
  );
  // What a reviewer has edited was scanned before that.
  const before = looked.map(
    ({ flags: _flags, ...rest }): Candidate => ({
      ...rest,
      ...rest.review?.original,
      verdict: { state: 'accepted' },
    }),
  );
  const again = await scanCandidates(before, recipe);
  const differing = looked.filter((candidate, index) => said(candidate) !== said(again[index] as Candidate));
  return differing.length > 0 ? [`${differing.length} verdicts of the scan are not what it says now`] : [];
}

function said({ verdict, flags = [] }: Candidate): string {
  return JSON.stringify([verdict.state, verdict.state === 'rejected' ? verdict.detail : null, flags]);
}
