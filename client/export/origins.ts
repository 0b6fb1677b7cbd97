/** Where a dataset comes from and under which licences: what its seed tasks or given rows say, and nothing else. */
import type { StoredRecipe } from '../../activities/run-data.js';
import { humanSeeds } from '../../activities/human-seeds.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import type { OriginalRow } from '../../activities/rows.js';
import { roundFiles } from '../../activities/run-files.js';
import { type StatedOrigin, statedOrigin } from '../../methods/stated-origin.js';
import { oneLine } from '../../methods/text.js';
import { readJsonlAt } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';

export interface Origins {
  kind: 'seed tasks' | 'given rows' | 'none';
  count: number;
  /** As stated, sorted. */
  licences: string[];
  /** Seed tasks or rows that state no licence. */
  withoutLicence: number;
  sources: string[];
}

/**
 * Of all seed tasks (those that people added while it lived, too) or given rows of the run, not only those whose offspring is in
 * the dataset. What a row does not state itself, the recipe's `provenance` may state for its file.
 */
export async function originsOf(
  store: Store,
  { runId, recipe, result }: { runId: string; recipe: StoredRecipe; result: { rounds: number } },
): Promise<Origins> {
  const found = { licences: new Set<string>(), sources: new Set<string>(), count: 0, withoutLicence: 0 };
  const add = ({ licence, source }: StatedOrigin) => {
    found.count += 1;
    if (licence === undefined) found.withoutLicence += 1;
    else found.licences.add(oneLine(licence));
    if (source !== undefined) found.sources.add(oneLine(source));
  };
  const isData = startsFromData(recipe.method);
  if (isData) {
    for (let part = 1; ; part += 1) {
      const rows = await readJsonlAt<OriginalRow>(store, roundFiles(runId, part).originals, {
        missing: 'empty',
      });
      for (const { example } of rows) add(statedOrigin(example, recipe.provenance));
      if (rows.length === 0) break;
    }
  } else {
    const seeds = await humanSeeds(store, { runId, rounds: result.rounds });
    for (const seed of seeds) add(statedOrigin(seed));
  }
  const { count, withoutLicence, licences, sources } = found;
  const kind = count === 0 ? 'none' : isData ? 'given rows' : 'seed tasks';
  return { kind, count, withoutLicence, licences: [...licences].sort(), sources: [...sources].sort() };
}

/** Identifiers of the Hub that people write in other ways too. */
const hubLicences = [
  'apache-2.0',
  'mit',
  'cc0-1.0',
  'cc-by-2.0',
  'cc-by-2.5',
  'cc-by-3.0',
  'cc-by-4.0',
  'cc-by-sa-3.0',
  'cc-by-sa-4.0',
  'cc-by-nc-2.0',
  'cc-by-nc-3.0',
  'cc-by-nc-4.0',
  'cc-by-nd-4.0',
  'cc-by-nc-nd-3.0',
  'cc-by-nc-nd-4.0',
  'cc-by-nc-sa-2.0',
  'cc-by-nc-sa-3.0',
  'cc-by-nc-sa-4.0',
  'odc-by',
  'odbl',
  'pddl',
  'cdla-sharing-1.0',
  'cdla-permissive-1.0',
  'cdla-permissive-2.0',
  'unlicense',
  'bsd-2-clause',
  'bsd-3-clause',
  'isc',
  'mpl-2.0',
  'gpl-2.0',
  'gpl-3.0',
  'lgpl-3.0',
  'agpl-3.0',
  'gfdl',
  'wtfpl',
];

/** What the card's front matter says of the licence. */
export interface CardLicence {
  license: string | string[];
  /** Only with `other`. */
  license_name?: string;
}

/** The licence that was given; else those that all origins state; else `unknown`. */
export function cardLicence(given: string | null, { licences, withoutLicence }: Origins): CardLicence {
  const stated = given !== null ? [given] : withoutLicence === 0 ? licences : [];
  if (stated.length === 0) return { license: 'unknown' };
  const known = stated.map(hubLicence);
  if (known.includes(null)) return { license: 'other', license_name: stated.map(slug).join('-and-') };
  const all = [...new Set(known as string[])];
  return { license: all.length === 1 ? (all[0] as string) : all };
}

function hubLicence(stated: string): string | null {
  const name = slug(stated);
  return hubLicences.find((one) => one === name) ?? null;
}

function slug(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
