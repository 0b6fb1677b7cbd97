/** Names of skills that mean one: vectors propose which, the teacher decides. */
import { decodeVectors } from '../../methods/embedding.js';
import { valuesOf } from '../../methods/found.js';
import { readGroups } from '../../methods/skillmix/parse.js';
import { normaliseSkill } from '../../methods/skillmix/skill-lists.js';
import { centred } from '../../similarity/centred.js';
import { CosineIndex } from '../../similarity/cosine-index.js';
import { readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import { readAnswered } from '../phase-calls.js';
import type { SkillRow, SynonymGroup } from '../rows.js';
import { type Runs, skillMixOf } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import type { GatheredSkills, Ref, RoundInput } from '../types.js';
import { writeGathered } from './gather-skills.js';
import { listsBefore } from './skill-lists.js';

/** Names that the teacher is asked about at once: a list that can be overlooked. */
const mostInGroup = 8;

/** From so many names on, what their vectors have in common is taken off: of fewer the mean is mostly themselves. */
const fewestToCentre = 20;

/**
 * Puts each name with the nearest name before it where that is nearer than the recipe's `neighbours`, into groups of at
 * most eight. Names whose vectors could not be had are in none.
 */
export async function proposeSynonyms(runs: Runs, { run, round }: RoundInput): Promise<{ groups: Ref }> {
  const { skills } = skillMixOf(await runs.recipe(run));
  if (skills.from !== 'dataset') throw new Error('synonyms are of skills from a dataset');
  const groups: string[][] = [];
  const groupOf = new Map<string, string[]>();
  let index: CosineIndex | null = null;
  const named = await vectorsOf(runs, { run, round });
  const raw = named.map(({ vector }) => vector);
  const vectors = raw.length < fewestToCentre ? raw : centred(raw);
  for (const [at, vector] of vectors.entries()) {
    const { name } = named[at] as NamedVector;
    index ??= new CosineIndex({ dimensions: vector.length });
    const near = index.nearest(vector, { threshold: skills.neighbours });
    const group = near === null ? undefined : groupOf.get(near.id);
    index.add(name, vector);
    const joined = group !== undefined && group.length < mostInGroup ? group : [];
    if (joined !== group) groups.push(joined);
    joined.push(name);
    groupOf.set(name, joined);
  }
  const rows: SynonymGroup[] = groups.filter((names) => names.length > 1).map((names) => ({ names }));
  return { groups: await writeJsonl(runs.store, roundFiles(run.runId, round).synonymGroups, rows) };
}

interface NamedVector {
  name: string;
  vector: Float32Array;
}

async function vectorsOf(runs: Runs, at: RoundInput): Promise<NamedVector[]> {
  const calls = await readAnswered(runs, { ...at, phase: 'embeddings' });
  return calls.flatMap(({ plan, call }) => {
    const names = plan.mix?.names ?? [];
    return decodeVectors(call.text ?? '').map((vector, n) => ({ name: names[n] as string, vector }));
  });
}

/** Merges the names that the teacher called one skill into the one that was named most often. */
export async function mergeSynonyms(runs: Runs, { run, round }: RoundInput): Promise<GatheredSkills> {
  const files = roundFiles(run.runId, round);
  const named = await readJsonlAt<SkillRow>(runs.store, files.namedSkills);
  const rows = new Map(named.map((row) => [row.skill, row]));
  for (const { plan, call } of await readAnswered(runs, { run, round, phase: 'synonyms' })) {
    const asked = new Set(plan.mix?.names ?? []);
    for (const group of valuesOf(readGroups(call.text ?? ''))) {
      const names = group.map(normaliseSkill).filter((name) => name !== null && asked.has(name));
      // Each name goes into one group, and only those that were asked about.
      for (const name of names) asked.delete(name as string);
      mergeInto(rows, [...new Set(names)] as string[]);
    }
  }
  const skills = [...rows.values()];
  await writeJsonl(runs.store, files.skills, skills);
  const { queryTypes } = await listsBefore(runs, { run, round: round + 1 });
  const mentions = named.reduce((sum, row) => sum + row.named, 0);
  return await writeGathered(
    runs,
    { run, round },
    {
      skills: skills.length,
      queryTypes: queryTypes.length,
      named: mentions,
      added: skills.length,
    },
  );
}

/** The most often named stays, the first among equals; the others become its aliases. */
function mergeInto(rows: Map<string, SkillRow>, names: readonly string[]): void {
  const same = names.flatMap((name) => rows.get(name) ?? []);
  const [first, ...rest] = same;
  if (first === undefined || rest.length === 0) return;
  const kept = rest.reduce((best, row) => (row.named > best.named ? row : best), first);
  for (const other of same.filter((row) => row !== kept)) rows.delete(other.skill);
  rows.set(kept.skill, {
    skill: kept.skill,
    named: same.reduce((sum, row) => sum + row.named, 0),
    aliases: same.filter((row) => row !== kept).map(({ skill }) => skill),
    topics: [],
    rows: [...new Set(same.flatMap((row) => row.rows))].sort((a, b) => a - b),
  });
}
