/** Skills and query types of a run: what its examples are drawn from. */
import type { QueryType } from '../../methods/skillmix/skill-lists.js';
import { readJsonlAt } from '../../store/artifacts.js';
import type { QueryTypeRow, SkillRow } from '../rows.js';
import type { Runs } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { RoundInput, RunContext } from '../types.js';

export interface SkillLists {
  skills: SkillRow[];
  queryTypes: QueryType[];
}

/** What examples are drawn from: complete once the extraction has ended. */
export async function drawnLists(
  { store }: Pick<Runs, 'store'>,
  run: Pick<RunContext, 'runId'>,
  options: { missing?: 'empty' } = {},
): Promise<SkillLists> {
  const files = runFiles(run.runId);
  return {
    skills: await readJsonlAt<SkillRow>(store, files.skills, options),
    queryTypes: await readJsonlAt<QueryTypeRow>(store, files.queryTypes, options),
  };
}

/** What was known before a round of extraction: what is given, and what earlier rounds found. */
export async function listsBefore(
  runs: Runs,
  { run, round }: RoundInput,
): Promise<SkillLists & { topics: string[] }> {
  const { store } = runs;
  const earlier = roundFiles(run.runId, round - 1);
  const given = runFiles(run.runId).given;
  const isFirst = round === 1;
  const missing = 'empty';
  const topics = isFirst ? [] : await readJsonlAt<{ topic: string }>(store, earlier.topics, { missing });
  return {
    skills: await readJsonlAt<SkillRow>(store, isFirst ? given('skills') : earlier.skills, { missing }),
    queryTypes: await readJsonlAt<QueryTypeRow>(store, isFirst ? given('query-types') : earlier.queryTypes, {
      missing,
    }),
    topics: topics.map(({ topic }) => topic),
  };
}

/** A skill as a list gives it. */
export function givenSkill(skill: string): SkillRow {
  return { skill, named: 0, aliases: [], topics: [], rows: [] };
}
