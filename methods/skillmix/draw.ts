/** Chance in Instruct-SkillMix's generation: which skills and which query type an example gets (arXiv 2408.14774). */
import { type SeededRandom, seededRandom } from '../random.js';
import type { QueryType } from './skill-lists.js';

/**
 * `k` different skills, each choice equally likely, in random order (the authors' `get_combinations`).
 * @throws RangeError when there are fewer.
 */
export function drawSkills({
  skills,
  k,
  random,
}: {
  skills: readonly string[];
  k: number;
  random: SeededRandom;
}): string[] {
  if (k > skills.length) throw new RangeError(`${k} skills cannot be drawn from ${skills.length}`);
  return random.sample(skills, k);
}

/**
 * The query type of an example, by its number in the run (from 0). They are dealt like cards: deck after deck, each shuffled
 * anew, so that after every n-th example all n were dealt equally often. The authors repeat the list until it is long
 * enough, shuffle the whole and cut it off, which leaves their counts to chance; the decks are **ours**.
 * @throws RangeError for an empty list.
 */
export function queryTypeAt({
  queryTypes,
  ordinal,
  runSeed,
}: {
  queryTypes: readonly QueryType[];
  ordinal: number;
  runSeed: number;
}): QueryType {
  const deck = Math.floor(ordinal / queryTypes.length);
  const dealt = queryTypes.length === 0 ? [] : seededRandom(runSeed, 'query types', deck).shuffle(queryTypes);
  const queryType = dealt[ordinal % queryTypes.length];
  if (queryType === undefined) throw new RangeError(`there is no query type number ${ordinal} to deal`);
  return queryType;
}
