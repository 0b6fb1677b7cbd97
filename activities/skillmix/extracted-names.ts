/** What the answers of an extraction round name, call by call. */
import { valuesOf } from '../../methods/found.js';
import { readNames, readQueryTypes } from '../../methods/skillmix/parse.js';
import { normaliseSkill, problemOfQueryType, type QueryType } from '../../methods/skillmix/skill-lists.js';
import { oneLine } from '../../methods/text.js';
import { readAnswered } from '../phase-calls.js';
import type { Runs } from '../run-data.js';
import type { MixChoice } from '../rows.js';
import type { RoundInput } from '../types.js';

/** Longest name of a topic, in characters: what is longer is no name. */
const longestName = 120;
/** A teacher may give more than it was asked for, but not without end. */
const mostOf = (asked: number) => 2 * asked;

/** New topics of a round, in call order, at most twice as many as were asked for. */
export async function newTopics(
  runs: Runs,
  at: RoundInput,
  { known, asked }: { known: readonly string[]; asked: number },
): Promise<string[]> {
  const seen = new Set(known.map(folded));
  const topics: string[] = [];
  for (const { call } of await readAnswered(runs, { ...at, phase: 'topics' })) {
    for (const name of valuesOf(readNames(call.text ?? '', 'topics')).map(oneLine)) {
      if (name === '' || name.length > longestName || seen.has(folded(name))) continue;
      seen.add(folded(name));
      topics.push(name);
    }
  }
  return topics.slice(0, mostOf(asked));
}

/** A skill that one call named. */
export interface NamedSkill {
  skill: string;
  of: MixChoice;
}

/** Skills that were named for topics, or for rows of a dataset; each once a call, in snake_case. */
export async function namedSkills(
  runs: Runs,
  at: RoundInput,
  { phase, asked }: { phase: 'topic-skills' | 'row-skills'; asked: number },
): Promise<NamedSkill[]> {
  const calls = await readAnswered(runs, { ...at, phase });
  return calls.flatMap(({ plan, call }) => {
    const names = valuesOf(readNames(call.text ?? '', 'skills')).map(normaliseSkill);
    const skills = new Set(names.filter((name) => name !== null));
    return [...skills].slice(0, mostOf(asked)).map((skill) => ({ skill, of: plan.mix ?? {} }));
  });
}

/** Query types of a round that were not known; `named` counts the others too. */
export async function newQueryTypes(
  runs: Runs,
  at: RoundInput,
  { known, asked }: { known: readonly QueryType[]; asked: number },
): Promise<{ named: number; added: QueryType[] }> {
  const seen = new Set(known.map(({ name }) => folded(name)));
  const added: QueryType[] = [];
  let named = 0;
  for (const { call } of await readAnswered(runs, { ...at, phase: 'query-types' })) {
    for (const { name, definition } of valuesOf(readQueryTypes(call.text ?? '')).slice(0, mostOf(asked))) {
      named += 1;
      // What is extracted can be given back as a list.
      if (problemOfQueryType({ name, definition }) !== null || seen.has(folded(name))) continue;
      seen.add(folded(name));
      added.push({ name, definition });
    }
  }
  return { named, added };
}

/** Alike whatever their case, marks and spaces. */
function folded(name: string): string {
  return normaliseSkill(name) ?? oneLine(name).toLowerCase();
}
