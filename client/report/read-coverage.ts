/** How often a run of Instruct-SkillMix used its skills, pairs of them, and query types. */
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { coverageOf } from '../../activities/skillmix/export-mix.js';
import type { Coverage } from '../../methods/skillmix/coverage.js';
import { uniformityInWords } from '../../methods/skillmix/coverage-table.js';
import { readJsonIfAny } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import type { RunOf } from './look-up.js';
import type { ReportCoverage } from './report-data.js';

/** Rows and columns of the heat map. */
const mostSkills = 40;
const mostQueryTypes = 200;

/** null for other methods, and while nothing was drawn. A run that goes on is counted up to now. */
export async function readCoverage(
  store: Store,
  { runId, rounds, recipe }: RunOf & { recipe: StoredRecipe },
): Promise<{ coverage: ReportCoverage; skills: number } | null> {
  if (recipe.method !== 'skillmix') return null;
  const written = await readJsonIfAny<Coverage>(store, runFiles(runId).dataset('coverage.json'));
  const found = written ?? (await coverageOf(store, { runId, rounds, recipe, kept: [] }));
  if (found.examples === 0) return null;
  const byUse = found.skills
    .map(({ name, used }, place) => ({ name, used, place }))
    .sort((a, b) => b.used - a.used || a.place - b.place);
  const shown = byUse.slice(0, mostSkills);
  const places = new Map(shown.map(({ place }, at) => [place, at]));
  const pairs = found.pairs.flatMap(([i, j, used]) => {
    const [a, b] = [places.get(i), places.get(j)];
    return a === undefined || b === undefined ? [] : [{ a: Math.min(a, b), b: Math.max(a, b), used }];
  });
  const unused = found.skills.filter(({ used }) => used === 0).length;
  return {
    coverage: {
      skills: shown.map(({ name, used }) => ({ name, used })),
      pairs,
      queryTypes: [...found.queryTypes]
        .sort((a, b) => b.used - a.used)
        .slice(0, mostQueryTypes)
        .map(({ name, used }) => ({ name, used })),
      summary: [
        `${count(found.skills.length)} skills, ${count(unused)} of them never used.`,
        ...uniformityInWords(found),
      ],
    },
    skills: found.skills.length,
  };
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
