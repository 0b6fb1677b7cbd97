import type { RefinedRound } from '../activities/refine-seeds.js';
import { roundFiles } from '../activities/run-files.js';
import type { Seed } from '../activities/types.js';
import { readJsonIfAny, readJsonl, readJsonlAt } from '../store/artifacts.js';
import { canonicalJson } from '../store/canonical-json.js';
import { CorruptDataError } from '../store/errors.js';
import type { Store } from '../store/types.js';

/** Seed tasks that joined a round's pool and are none of those that a person added, or were lost on the way. */
export async function verifyJoinedSeeds(
  store: Store,
  { runId, round }: { runId: string; round: number },
): Promise<string[]> {
  if (round === 1) return [];
  const refined = await readJsonIfAny<RefinedRound>(store, roundFiles(runId, round - 1).refined);
  const { joinedSeeds, seedPool } = roundFiles(runId, round);
  const joined = await readJsonlAt<Seed>(store, joinedSeeds, { missing: 'empty' });
  const files = refined?.addedSeeds ?? [];
  // The rounds that a fork begins with are copies: what was added to its parent may be gone with the parent.
  const isOfParent = files.some(({ uri }) => !uri.startsWith(`${runId}/`));
  const added = new Set<string>();
  try {
    for (const ref of isOfParent ? [] : files)
      for (const seed of await readJsonl<Seed>(store, ref)) added.add(canonicalJson(seed));
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return [error.message];
  }
  if (joined.length === 0 && files.length === 0) return [];
  const pool = await readJsonlAt<Seed>(store, seedPool, { missing: 'empty' });
  const shown = new Set(pool.map((seed) => canonicalJson(seed)));
  const foreign = isOfParent ? 0 : joined.filter((seed) => !added.has(canonicalJson(seed))).length;
  const lost = joined.filter((seed) => !shown.has(canonicalJson(seed))).length;
  return [
    ...(foreign > 0 ? [`${foreign} seed tasks joined that nobody has added`] : []),
    ...(lost > 0 ? [`${lost} added seed tasks are not in the seed pool`] : []),
    ...(joined.length === 0 ? ['added seed tasks have not joined'] : []),
  ];
}
