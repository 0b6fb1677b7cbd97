/** What a person decides before there is a recipe, and what is wrong with it. */
import { startsFromData } from '../../activities/recipe-deita.js';
import { UsageError } from '../usage-error.js';
import type { Budget, Given, Method } from './options.js';

/** Where calls go. `baseUrl` null: what the worker's `OPENAI_BASE_URL` says, else OpenAI. */
export type Where = { endpoint: 'local' } | { endpoint: 'openai'; baseUrl: string | null; model: string };

export interface Choices {
  method: Method;
  where: Where;
  /** Examples, or rows that are selected; null with evolve, which takes every row. */
  target: number | null;
  budget: Budget | null;
  /** Rows of a method that begins with given ones, as a path from the present folder; null with the others. */
  data: string | null;
  /** Seed tasks, as a path from the present folder; null: the project's own, or none. */
  seeds: string | null;
}

/** How many are wanted is no question where every row is taken. */
export function hasTarget(method: Method): boolean {
  return method !== 'evolve';
}

/** Whether a method shows seed tasks to its teacher. */
export function hasSeeds(method: Method): boolean {
  return method === 'sedi' || method === 'self-instruct';
}

/** Options that are needed and were not given. */
export function missingOptions({ method, teacher, model, target, data }: Given): string[] {
  return [
    ...(method === undefined ? ['--method'] : []),
    ...(teacher === undefined ? ['--teacher'] : []),
    ...(teacher !== undefined && teacher !== 'local' && model === undefined ? ['--model'] : []),
    ...((method === undefined || hasTarget(method)) && target === undefined ? ['--target'] : []),
    ...(method !== undefined && startsFromData(method) && data === undefined ? ['--data'] : []),
  ];
}

/** @throws UsageError for options that are missing or do not go together. */
export function choicesOf(given: Given): Choices {
  const missing = missingOptions(given);
  const { method, teacher, model, target, budget, data, seeds } = given;
  if (missing.length > 0 || method === undefined || teacher === undefined) {
    throw new UsageError(
      `init asks on a terminal; here it needs ${missing.join(', ')} (--help shows what they take)`,
    );
  }
  const refuse = (option: string, why: string): never => {
    throw new UsageError(`${option}: ${why}`);
  };
  if (target !== undefined && !hasTarget(method)) refuse('--target', `${method} takes every row of --data`);
  if (data !== undefined && !startsFromData(method))
    refuse('--data', `belongs to deita and evolve, not to ${method}`);
  if (seeds !== undefined && !hasSeeds(method))
    refuse('--seeds', `belongs to sedi and self-instruct, not to ${method}`);
  if (model !== undefined && teacher === 'local')
    refuse('--model', 'belongs to an endpoint; a local model is a file: set teacher.gguf in the recipe');
  const where: Where =
    teacher === 'local'
      ? { endpoint: 'local' }
      : { endpoint: 'openai', baseUrl: teacher === 'openai' ? null : teacher, model: model ?? '' };
  return {
    method,
    where,
    target: target ?? null,
    budget: budget ?? null,
    data: data ?? null,
    seeds: seeds ?? null,
  };
}
