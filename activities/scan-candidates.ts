import type { ScanKind } from '../methods/scan/scan-kinds.js';
import { scanText } from '../methods/scan/scan-text.js';
import type { Recipe } from './recipe.js';
import { kindsTo } from './recipe-scan.js';
import type { Candidate } from './types.js';

/**
 * The candidates, those that were accepted scanned for personal data and secrets: rejected with the kinds that were found, or
 * flagged. A pure function of their texts; what was found goes nowhere. Nothing where the recipe scans for nothing.
 */
export async function scanCandidates(
  candidates: readonly Candidate[],
  { scan }: Pick<Recipe, 'scan'>,
): Promise<Candidate[]> {
  if (scan === undefined) return [...candidates];
  const [rejected, flagged] = [kindsTo('reject', scan), kindsTo('flag', scan)];
  if (rejected.length + flagged.length === 0) return [...candidates];
  const scanned: Candidate[] = [];
  for (const candidate of candidates) {
    const found =
      candidate.verdict.state === 'accepted'
        ? await scanText(textOf(candidate), [...rejected, ...flagged])
        : [];
    scanned.push(judged(candidate, { found, rejected }));
  }
  return scanned;
}

function judged(
  candidate: Candidate,
  { found, rejected }: { found: ScanKind[]; rejected: readonly ScanKind[] },
): Candidate {
  const fatal = found.filter((kind) => rejected.includes(kind));
  if (fatal.length > 0)
    return {
      ...candidate,
      verdict: { state: 'rejected', reason: 'personal-data', detail: fatal.join(', ') },
    };
  return found.length > 0 ? { ...candidate, flags: found } : candidate;
}

/** A kind of data does not go on from one text into the next. */
function textOf({ instruction, input, output }: Candidate): string {
  return [instruction, input, output].join('\n\n');
}
