/** Thresholds that people change while a run lives: what a round goes by is fixed when it first does, and kept beside its verdicts. */
import { readJson, readJsonIfAny, toJson } from '../store/artifacts.js';
import type { Recipe } from './recipe.js';
import { needsVectors, selects } from './recipe-deita.js';
import type { Runs } from './run-data.js';
import { roundFiles } from './run-files.js';
import type { RoundInput, Thresholds } from './types.js';

/** Steps of a round that give verdicts by a threshold, with the threshold. */
const keyOf = { screened: 'filter.poolThreshold', decided: 'gate.threshold' } as const;

export type ThresholdStep = keyof typeof keyOf;

/** The thresholds of a recipe that its run goes by and that can be changed while it lives. */
export function liveThresholds({ method, filter, gate, select }: Recipe): Thresholds {
  const generates = method !== 'deita' && method !== 'evolve';
  const hasTau = selects(select) && needsVectors(select.by) && select.by !== 'k-center';
  return {
    ...(generates && { 'filter.poolThreshold': filter.poolThreshold }),
    ...(gate && { 'gate.threshold': gate.threshold }),
    ...(hasTau && { 'select.tau': select.tau }),
  };
}

/**
 * The recipe with the thresholds that a step of this round goes by: those in force when it was first taken, whatever they are
 * when it is repeated.
 */
export async function recipeInForce<Settled extends Recipe>(
  { store }: Pick<Runs, 'store'>,
  at: RoundInput & { recipe: Settled; thresholds?: Thresholds | undefined; step: ThresholdStep },
): Promise<Settled> {
  const { recipe, run, round, step, thresholds = {} } = at;
  const files = roundFiles(run.runId, round);
  const name = files.thresholds(step);
  const kept = await readJsonIfAny<Thresholds>(store, name);
  if (kept) return withThresholds(recipe, kept);
  const key = keyOf[step];
  const changed = thresholds[key];
  // Verdicts without a file beside them were given by the recipe's own.
  const verdicts = step === 'screened' ? files.screened : files.candidates;
  if (changed === undefined || (await store.read(verdicts)) !== undefined) return recipe;
  await store.create(name, `${toJson({ [key]: changed })}\n`);
  return withThresholds(recipe, await readJson<Thresholds>(store, name));
}

/** Keeps beside the verdicts of a round the thresholds that gave them, where none are kept: the recipe is to have others. */
export async function keepThresholds(
  { store }: Pick<Runs, 'store'>,
  { runId, round, thresholds }: { runId: string; round: number; thresholds: Thresholds },
): Promise<void> {
  const files = roundFiles(runId, round);
  for (const step of Object.keys(keyOf) as ThresholdStep[]) {
    const key = keyOf[step];
    const kept = thresholds[key];
    if (kept === undefined || (await store.read(files.screened)) === undefined) continue;
    await store.create(files.thresholds(step), `${toJson({ [key]: kept })}\n`);
  }
}

/** The recipe with the thresholds that gave the verdicts of a round which lie in the store. */
export async function recipeOfRound<Settled extends Recipe>(
  { store }: Pick<Runs, 'store'>,
  { recipe, runId, round }: { recipe: Settled; runId: string; round: number },
): Promise<Settled> {
  const files = roundFiles(runId, round);
  const kept = await Promise.all(
    (Object.keys(keyOf) as ThresholdStep[]).map((step) =>
      readJsonIfAny<Thresholds>(store, files.thresholds(step)),
    ),
  );
  return withThresholds(recipe, Object.assign({}, ...kept));
}

export function withThresholds<Settled extends Recipe>(recipe: Settled, thresholds: Thresholds): Settled {
  const {
    'filter.poolThreshold': poolThreshold,
    'gate.threshold': gateThreshold,
    'select.tau': tau,
  } = thresholds;
  const { filter, gate, select } = recipe;
  return {
    ...recipe,
    ...(poolThreshold !== undefined && { filter: { ...filter, poolThreshold } }),
    ...(gate && gateThreshold !== undefined && { gate: { ...gate, threshold: gateThreshold } }),
    ...(select && tau !== undefined && { select: { ...select, tau } }),
  };
}
