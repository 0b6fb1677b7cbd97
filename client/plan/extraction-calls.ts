/** How many calls it takes to find skills and query types. */
import type { SourceRow } from '../../activities/rows.js';
import { skillMixOf } from '../../activities/run-data.js';
import { namesPerEmbedding } from '../../activities/skillmix/choose-calls.js';
import { skillMixPhasesOf } from '../../activities/recipe-phases.js';
import {
  DISTINCT_SHARE,
  expectedRounds,
  GROUPS_PER_NAME,
  SKILLS_PER_ROW,
} from '../../methods/skillmix/expected.js';
import { canonicalJson } from '../../store/canonical-json.js';
import type { Basis, Calls } from './expect.js';
import type { PlanInputs } from './run-expectation.js';
import type { Extraction } from './measure-extraction.js';
import type { Rate } from './rates.js';

/** Calls of the whole extraction; none for lists that are given, and for other methods. */
export function expectExtraction({ recipe, given, measured }: PlanInputs): { calls: Calls; rates: Rate[] } {
  if (recipe.method !== 'skillmix') return { calls: {}, rates: [] };
  const { skills, queryTypes } = skillMixOf(recipe);
  const phases = skillMixPhasesOf(recipe).extraction;
  if (phases.length === 0) return { calls: {}, rates: [] };
  const alike = measured.extractions.filter(
    ({ settings }) => canonicalJson(settings) === canonicalJson({ skills, queryTypes }),
  );
  if (alike.length > 0 && skills.from !== 'dataset') {
    const calls = Object.fromEntries(
      phases.map((phase) => [phase, mean(alike.map((one) => one.calls[phase] ?? 0))]),
    );
    return { calls, rates: [roundsOf(mean(alike.map(({ rounds }) => rounds)), measuredBy(alike))] };
  }
  if (skills.from === 'dataset') {
    const rows = ((given['source-rows'] ?? []) as SourceRow[]).length;
    return datasetCalls({ rows, hasTypes: queryTypes.from === 'prompting', measured: measured.extractions });
  }
  // Query types alone take one round.
  const rounds = skills.from === 'prompting' ? expectedRounds(skills) : 1;
  const calls: Calls = {
    ...(skills.from === 'prompting' && { topics: rounds, 'topic-skills': rounds * skills.topics }),
    ...(queryTypes.from === 'prompting' && { 'query-types': rounds }),
  };
  return { calls, rates: [roundsOf(rounds, { from: 'assumed' })] };
}

function datasetCalls(options: { rows: number; hasTypes: boolean; measured: readonly Extraction[] }): {
  calls: Calls;
  rates: Rate[];
} {
  const { rows, hasTypes, measured } = options;
  const runs = measured.filter(({ settings }) => settings.skills.from === 'dataset');
  const totalOf = (of: (one: Extraction) => number) => runs.reduce((sum, one) => sum + of(one), 0);
  const rowCalls = totalOf(({ calls }) => calls['row-skills'] ?? 0);
  const names = totalOf(({ names }) => names);
  const groups = totalOf(({ calls }) => calls.synonyms ?? 0);
  const assumed: Basis = { from: 'assumed' };
  const ids = runs.map(({ runId }) => runId);
  const ofRow: Rate = {
    name: 'different skills of a row',
    isShare: false,
    ...(rowCalls > 0
      ? { value: names / rowCalls, basis: { from: 'measured', rows: rowCalls, of: 'calls', runs: ids } }
      : { value: SKILLS_PER_ROW * DISTINCT_SHARE, basis: assumed }),
  };
  const ofName: Rate = {
    name: 'groups of possible synonyms of a skill',
    isShare: false,
    ...(names > 0
      ? { value: groups / names, basis: { from: 'measured', rows: names, of: 'skills', runs: ids } }
      : { value: GROUPS_PER_NAME, basis: assumed }),
  };
  const expected = rows * ofRow.value;
  return {
    calls: {
      'row-skills': rows,
      embeddings: Math.ceil(expected / namesPerEmbedding),
      synonyms: expected * ofName.value,
      ...(hasTypes && { 'query-types': 1 }),
    },
    rates: [ofRow, ofName],
  };
}

function roundsOf(value: number, basis: Basis): Rate {
  return { name: 'rounds of extraction', value, isShare: false, basis };
}

function measuredBy(extractions: readonly Extraction[]): Basis {
  const runs = extractions.map(({ runId }) => runId);
  return { from: 'measured', rows: extractions.length, of: 'runs', runs };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
