/** How often each skill, pair of skills and query type was used, and whether that is as even as chance makes it. **Ours**. */
import type { QueryType } from './skill-lists.js';

/** What one example was drawn to be about. */
export interface UsedCombination {
  skills: readonly string[];
  queryType: string;
  isAccepted: boolean;
}

export interface Use {
  name: string;
  /** Examples that were drawn with it. */
  used: number;
  /** Of these, the accepted ones. */
  accepted: number;
}

export interface Coverage {
  examples: number;
  accepted: number;
  /** Skills of each example; 0 for the ablation without skills. */
  k: number;
  /** In the order of the lists. */
  skills: Use[];
  queryTypes: Use[];
  /** For a heat map: [i, j, examples] with i < j, numbers in `skills`; pairs that were never drawn are left out. */
  pairs: [number, number, number][];
  uniformity: {
    /** null where there is nothing to be even: no draw, fewer than two skills, or all of them in each example. */
    skills: SkillUniformity | null;
    pairs: PairUniformity | null;
    /** null for an empty list. */
    queryTypes: { fewest: number; most: number; difference: number } | null;
  };
}

export interface SkillUniformity {
  fewest: number;
  most: number;
  /** Examples of each skill on average. */
  expected: number;
  chiSquare: number;
  degreesOfFreedom: number;
  /** How many standard deviations above what chance gives; below 0: more even than that. */
  z: number;
}

export interface PairUniformity {
  possible: number;
  distinct: number;
  expectedDistinct: number;
  /** Of `distinct`; null where an example has more than one pair. */
  standardDeviation: number | null;
}

/** @throws RangeError for an example with a skill or a query type that is not in the lists. */
export function coverage(input: {
  skills: readonly string[];
  queryTypes: readonly QueryType[];
  k: number;
  used: readonly UsedCombination[];
}): Coverage {
  const { used, k } = input;
  const skills = new Uses(input.skills, 'skill');
  const queryTypes = new Uses(
    input.queryTypes.map(({ name }) => name),
    'query type',
  );
  const pairs = new Map<number, number>();
  for (const example of used) {
    queryTypes.count(example.queryType, example.isAccepted);
    const drawn = example.skills
      .map((skill) => skills.count(skill, example.isAccepted))
      .sort((a, b) => a - b);
    for (const [at, i] of drawn.entries()) {
      for (const j of drawn.slice(at + 1)) {
        const pair = i * input.skills.length + j;
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
      }
    }
  }
  const draws = { draws: used.length, k, choices: input.skills.length };
  return {
    examples: used.length,
    accepted: used.filter(({ isAccepted }) => isAccepted).length,
    k,
    skills: skills.all,
    queryTypes: queryTypes.all,
    pairs: [...pairs]
      .sort(([a], [b]) => a - b)
      .map(([pair, count]) => [Math.floor(pair / input.skills.length), pair % input.skills.length, count]),
    uniformity: {
      skills: skillUniformity(skills.all, draws),
      pairs: pairUniformity(pairs.size, draws),
      queryTypes:
        queryTypes.all.length === 0
          ? null
          : { ...rangeOf(queryTypes.all), difference: spread(queryTypes.all) },
    },
  };
}

class Uses {
  readonly all: Use[];
  readonly #places: Map<string, number>;
  readonly #what: string;

  constructor(names: readonly string[], what: string) {
    this.all = names.map((name) => ({ name, used: 0, accepted: 0 }));
    this.#places = new Map(names.map((name, i) => [name, i]));
    this.#what = what;
  }

  /** Its number. */
  count(name: string, isAccepted: boolean): number {
    const place = this.#places.get(name);
    const use = this.all[place ?? -1];
    if (place === undefined || use === undefined) {
      throw new RangeError(`the ${this.#what} "${name}" is not in the list that examples are drawn from`);
    }
    use.used += 1;
    if (isAccepted) use.accepted += 1;
    return place;
  }
}

function rangeOf(uses: readonly Use[]): { fewest: number; most: number } {
  const counts = uses.map(({ used }) => used);
  return {
    fewest: counts.reduce((a, b) => Math.min(a, b), Infinity),
    most: counts.reduce((a, b) => Math.max(a, b), 0),
  };
}

const spread = (uses: readonly Use[]) => rangeOf(uses).most - rangeOf(uses).fewest;

interface Draws {
  draws: number;
  k: number;
  /** What the k different ones are drawn from. */
  choices: number;
}

/**
 * X² = Σ (O − E)² / E · (n − 1) / (n − k). Pearson's statistic has the mean n − k when k different ones of n are drawn
 * together, since counts of one draw exclude each other; the factor restores n − 1, its degrees of freedom.
 */
function skillUniformity(uses: readonly Use[], { draws, k, choices }: Draws): SkillUniformity | null {
  if (draws === 0 || k === 0 || choices < 2 || k >= choices) return null;
  const expected = (draws * k) / choices;
  const pearson = uses.reduce((sum, { used }) => sum + (used - expected) ** 2 / expected, 0);
  const degreesOfFreedom = choices - 1;
  const chiSquare = (pearson * degreesOfFreedom) / (choices - k);
  return {
    ...rangeOf(uses),
    expected,
    chiSquare,
    degreesOfFreedom,
    z: normalScore(chiSquare, degreesOfFreedom),
  };
}

/** Wilson and Hilferty (1931): the cube root of χ²/df is close to normal. */
function normalScore(chiSquare: number, degreesOfFreedom: number): number {
  const variance = 2 / (9 * degreesOfFreedom);
  return (Math.cbrt(chiSquare / degreesOfFreedom) - (1 - variance)) / Math.sqrt(variance);
}

/** A pair is in an example with the probability q = k(k − 1) / n(n − 1), in each independently of the others. */
function pairUniformity(distinct: number, { draws, k, choices }: Draws): PairUniformity | null {
  if (draws === 0 || k < 2 || k > choices) return null;
  const possible = (choices * (choices - 1)) / 2;
  const q = (k * (k - 1)) / (choices * (choices - 1));
  const expectedDistinct = -possible * Math.expm1(draws * Math.log1p(-q));
  return {
    possible,
    distinct,
    expectedDistinct,
    standardDeviation: k === 2 ? occupied(possible, draws) : null,
  };
}

/**
 * The standard deviation of how many of `cells` are hit by so many draws, one cell each: with a = (1 − 1/c)^N and
 * b = (1 − 2/c)^N the variance is c (a − b) + c² (b − a²); the second term in a form that does not cancel.
 */
function occupied(cells: number, draws: number): number {
  if (cells === 1) return 0;
  const a = Math.exp(draws * Math.log1p(-1 / cells));
  const b = Math.exp(draws * Math.log1p(-2 / cells));
  const covariance = a ** 2 * Math.expm1(draws * Math.log1p(-1 / (cells - 1) ** 2));
  return Math.sqrt(Math.max(0, cells * (a - b) + cells ** 2 * covariance));
}
