import { MOST_ROW_SKILLS } from '../../methods/skillmix/prompts.js';
import { readJsonlAt, writeJson, writeJsonl } from '../../store/artifacts.js';
import type { MixChoice, SkillRow, SourceRow } from '../rows.js';
import { type Runs, skillMixOf } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { GatheredSkills, RoundInput } from '../types.js';
import { namedSkills, newQueryTypes, newTopics } from './extracted-names.js';
import { givenSkill, listsBefore } from './skill-lists.js';

/**
 * Adds what a round's answers name to what was known: topics, skills with their provenance, query types. A pure function of
 * stored answers. A dataset's skills are still to be merged after this.
 */
export async function gatherSkills(runs: Runs, { run, round }: RoundInput): Promise<GatheredSkills> {
  const { skills: settings, queryTypes: typeSettings } = skillMixOf(await runs.recipe(run));
  const files = roundFiles(run.runId, round);
  const { store } = runs;
  const before = await listsBefore(runs, { run, round });
  const at = { run, round };

  const types =
    typeSettings.from === 'prompting'
      ? await newQueryTypes(runs, at, { known: before.queryTypes, asked: typeSettings.count })
      : { named: 0, added: [] };
  const queryTypes = [...before.queryTypes, ...types.added];
  await writeJsonl(store, files.queryTypes, queryTypes);

  if (settings.from === 'prompting') {
    const topics = await newTopics(runs, at, { known: before.topics, asked: settings.topics });
    const all = [...before.topics, ...topics].map((topic) => ({ topic }));
    await writeJsonl(store, files.topics, all);
  }
  const named =
    settings.from === 'prompting'
      ? await namedSkills(runs, at, { phase: 'topic-skills', asked: settings.perTopic })
      : settings.from === 'dataset'
        ? await namedSkills(runs, at, { phase: 'row-skills', asked: MOST_ROW_SKILLS })
        : [];
  const rows = new Map(before.skills.map((row) => [row.skill, row]));
  const sources =
    settings.from === 'dataset'
      ? await readJsonlAt<SourceRow>(store, runFiles(run.runId).given('source-rows'))
      : [];
  let added = 0;
  for (const { skill, of } of named) {
    const row = rows.get(skill);
    if (row === undefined) added += 1;
    rows.set(skill, withMention(row ?? givenSkill(skill), { of, sources }));
  }
  const skills = [...rows.values()];
  await writeJsonl(store, settings.from === 'dataset' ? files.namedSkills : files.skills, skills);
  const isOfTypes = settings.from === 'file' || settings.from === 'none';
  return await writeGathered(
    runs,
    { run, round },
    {
      skills: skills.length,
      queryTypes: queryTypes.length,
      ...(isOfTypes ? { named: types.named, added: types.added.length } : { named: named.length, added }),
    },
  );
}

/** Keeps what a round came to, with words for people. */
export async function writeGathered(
  { store }: Runs,
  { run, round }: RoundInput,
  counts: Omit<GatheredSkills, 'note'>,
): Promise<GatheredSkills> {
  const { skills, queryTypes, added } = counts;
  const note = `extraction: ${skills} skills and ${queryTypes} query types, ${added} names new`;
  const gathered = { ...counts, note };
  await writeJson(store, roundFiles(run.runId, round).extracted, gathered);
  return gathered;
}

/**
 * Makes the lists of the last round of extraction those that examples are drawn from. The first writer wins: a run that is
 * started again from its store draws from the same ones.
 */
export async function keepLists({ store }: Runs, { run, round }: RoundInput): Promise<void> {
  const last = roundFiles(run.runId, round);
  const kept = runFiles(run.runId);
  for (const [from, to] of [
    [last.skills, kept.skills],
    [last.queryTypes, kept.queryTypes],
  ] as const) {
    await store.create(to, (await store.read(from)) ?? '');
  }
}

function withMention(row: SkillRow, { of, sources }: { of: MixChoice; sources: SourceRow[] }): SkillRow {
  const source = of.row === undefined ? undefined : sources[of.row];
  return {
    ...row,
    named: row.named + 1,
    topics: of.topic === undefined || row.topics.includes(of.topic) ? row.topics : [...row.topics, of.topic],
    rows: source === undefined ? row.rows : [...row.rows, source.row],
  };
}
