/** Sources and licences of the seed tasks behind an example, through machine-made seeds too. */
import type { Candidate, Seed } from './types.js';

/** Sorted, each once; as the seed tasks state them. */
export interface SeedOrigins {
  seedSources: string[];
  seedLicences: string[];
}

interface Found {
  sources: ReadonlySet<string>;
  licences: ReadonlySet<string>;
}

const nothing: Found = { sources: new Set(), licences: new Set() };

/**
 * What the seeds of an example's prompt come from. A machine-made seed was an example itself: what its own prompt showed
 * counts, all of it.
 */
export function seedOrigins(
  seeds: readonly Seed[],
  accepted: readonly Pick<Candidate, 'id' | 'seedIds'>[],
): (example: Pick<Candidate, 'seedIds'>) => SeedOrigins {
  const known = new Map<string, Found>();
  for (const { id, source, licence } of seeds)
    known.set(id, {
      sources: new Set(source === undefined ? [] : [source]),
      licences: new Set(licence === undefined ? [] : [licence]),
    });
  const together = (ids: readonly string[]): Found => {
    const all = ids.map((id) => known.get(id) ?? nothing);
    return {
      sources: new Set(all.flatMap(({ sources }) => [...sources])),
      licences: new Set(all.flatMap(({ licences }) => [...licences])),
    };
  };
  // In call order: what an example was made from is known before it becomes a seed itself.
  for (const { id, seedIds } of accepted) if (!known.has(id)) known.set(id, together(seedIds));
  return ({ seedIds }) => {
    const { sources, licences } = together(seedIds);
    return { seedSources: [...sources].sort(), seedLicences: [...licences].sort() };
  };
}
