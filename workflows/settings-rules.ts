/** Which values people may set: for the run that refuses others, and for the command that says so before it asks. */
import type { Budget, EndpointLimits, Ref, Thresholds } from '../activities/types.js';
import { budgetKeys } from './budget.js';
import type { RunPlan } from './inputs.js';

const limitNames = ['requestsPerMinute', 'tokensPerMinute'] as const;

/** What is wrong with the named limits of a budget; null: nothing. */
export function budgetProblem(budget: Partial<Budget>): string | null {
  const limits = Object.entries(budget);
  if (limits.length === 0) return 'name a limit to set: usd, calls or tokens';
  for (const [key, limit] of limits) {
    if (!budgetKeys.some((known) => known === key)) return `there is no budget of ${key}`;
    if (limit === null) continue;
    if (!(limit > 0) || (key !== 'usd' && !Number.isInteger(limit))) {
      return `a budget of ${limit} ${key} is no limit; take it away with "none"`;
    }
  }
  return null;
}

export function concurrencyProblem(concurrency: number): string | null {
  const isCount = Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 200;
  return isCount ? null : `concurrency must be a whole number from 1 to 200, not ${concurrency}`;
}

/** The same of the limits of an endpoint. */
export function limitsProblem(limits: Partial<EndpointLimits>): string | null {
  const given = limitNames.filter((key) => limits[key] !== undefined);
  if (given.length === 0) return 'name a limit to set: requestsPerMinute or tokensPerMinute';
  for (const key of given) {
    const limit = limits[key] as number | null;
    if (limit !== null && !(Number.isSafeInteger(limit) && limit > 0)) {
      return `${key} must be a whole number above 0, not ${limit}; take it away with "none"`;
    }
  }
  return null;
}

/** Highest target, of a recipe too. */
const mostExamples = 10_000_000;

/** What is wrong with a new target for a run of this plan. */
export function targetProblem(
  target: number,
  { method, stages, skillMix }: Pick<RunPlan, 'method' | 'stages' | 'skillMix'>,
): string | null {
  if (method === 'deita' || method === 'evolve')
    return `${method} has no target: the rows that were given decide`;
  if (skillMix?.extractOnly) return 'this run only extracts skills and writes no examples';
  if (!Number.isInteger(target) || target < 1 || target > mostExamples)
    return `target must be a whole number from 1 to ${mostExamples}, not ${target}`;
  if (stages?.size !== undefined && target < stages.size)
    return `a target of ${target} is less than the ${stages.size} rows of select.size`;
  return null;
}

const ranges = { 'filter.poolThreshold': [0, 1], 'gate.threshold': [1, 6], 'select.tau': [-1, 1] } as const;

export const thresholdKeys = Object.keys(ranges) as (keyof Thresholds)[];

/** What is wrong with thresholds for a run of this plan. */
export function thresholdsProblem(
  thresholds: Thresholds,
  { thresholds: known = {} }: Pick<RunPlan, 'thresholds'>,
): string | null {
  const given = Object.entries(thresholds ?? {});
  const there = Object.keys(known);
  if (given.length === 0) return `name a threshold to set: ${there.join(', ') || 'this run has none'}`;
  for (const [key, value] of given) {
    if (!isThreshold(key) || !there.includes(key)) {
      return `this run has no ${key} to change; ${there.length > 0 ? `it has ${there.join(', ')}` : 'it has no threshold'}`;
    }
    const isQuantile =
      key === 'select.tau' && typeof value === 'string' && /^q(0|1|0?\.\d+|1\.0+)$/.test(value);
    const [from, to] = ranges[key];
    if (isQuantile || (typeof value === 'number' && value >= from && value <= to)) continue;
    const quantile = key === 'select.tau' ? ' or a quantile like q0.9' : '';
    return `${key} must be a number from ${from} to ${to}${quantile}, not ${value}`;
  }
  return null;
}

/** Whether a key of a recipe is one of those thresholds. */
export function isThreshold(key: string): key is keyof Thresholds {
  return Object.hasOwn(ranges, key);
}

/** Files of seed tasks that people may add to one run: their names travel with its settings. */
const mostSeedFiles = 50;

/** Why a method has no seed tasks; null: it has. */
export function methodWithoutSeeds(method: RunPlan['method']): string | null {
  if (method === 'skillmix') return 'skillmix draws from skills and has no seed tasks';
  if (method === 'deita' || method === 'evolve') return `${method} begins with rows and has no seed tasks`;
  return null;
}

/** What is wrong with seed tasks that are to be added to a run, as far as their reference tells. `added`: files that were. */
export function seedsProblem(
  seeds: Ref,
  { runId, added }: { runId: string; added: readonly Ref[] },
): string | null {
  const { uri, sha256, count } = seeds ?? {};
  const isHash = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
  if (!isHash || uri !== `${runId}/added-seeds/${sha256}.jsonl`)
    return 'the seed tasks are in no file of the run’s store';
  if (!Number.isInteger(count) || count < 1) return 'the file holds no seed task';
  if (added.some((one) => one.sha256 === sha256)) return 'the same seed tasks were added before';
  if (added.length >= mostSeedFiles)
    return `${mostSeedFiles} files of seed tasks were added to this run already; put more of them into one file`;
  return null;
}

/** Who makes a change, and why: whoever sends one from elsewhere than the command line may send anything. */
export function personProblem(request: { by?: unknown; reason?: unknown }): string | null {
  const { by, reason = '' } = request ?? {};
  if (typeof by !== 'string' || by.trim() === '') return 'who makes this change is missing: "by"';
  return typeof reason === 'string' ? null : '"reason" is no text';
}
