/** Seed tasks that people add to a run while it lives. */
import { humanSeeds } from '../activities/human-seeds.js';
import { chooseHeldOut } from '../activities/prepare-run.js';
import type { Recipe } from '../activities/recipe.js';
import { runFiles } from '../activities/run-files.js';
import type { Progress, RecordedState, Ref, Seed } from '../activities/types.js';
import { heldOutPool, LEAK_THRESHOLD } from '../methods/sedi/held-out.js';
import { excerpt } from '../methods/text.js';
import { readJsonIfAny, readJsonl, readJsonlAt, sha256Hex, toJson } from '../store/artifacts.js';
import { UserError } from '../store/errors.js';
import type { Store } from '../store/types.js';

export interface NewSeeds {
  seeds: Seed[];
  /** Of the others, why they are left out, in words. */
  dropped: string[];
}

/**
 * Those of a file's tasks that a run has not, and that are not too near to a held-out task of it.
 * @throws UserError when none is left, or one has the id of another task of the run.
 */
export async function newSeeds(
  store: Store,
  { runId, recipe, file, seeds }: { runId: string; recipe: Recipe; file: string; seeds: readonly Seed[] },
): Promise<NewSeeds> {
  const files = runFiles(runId);
  const first = await readJsonlAt<Seed>(store, files.seeds);
  const given = await readJsonlAt<Seed>(store, files.heldOutGiven, { missing: 'empty' });
  const state = await readJsonIfAny<RecordedState>(store, files.state);
  const added = await Promise.all((state?.addedSeeds ?? []).map((ref) => readJsonl<Seed>(store, ref)));
  // A fork has those that joined before it, but not the files that they were added in.
  const round = (await readJsonIfAny<Progress>(store, files.progress))?.round ?? 0;
  const known = [...(await humanSeeds(store, { runId, rounds: round + 1 })), ...added.flat()];
  const tasks = new Set(known.map(taskOf));
  const ids = new Set([...known, ...given].map(({ id }) => id));
  const isGiven = recipe.heldout !== null && 'file' in recipe.heldout;
  const heldOut = heldOutPool(
    chooseHeldOut(recipe, { seeds: first, given: isGiven ? given : null }).rows,
    recipe.filter.tokens,
  );
  const kept: Seed[] = [];
  const leaks: string[] = [];
  for (const seed of seeds) {
    if (tasks.has(taskOf(seed))) continue;
    const near = heldOut.nearest(seed.instruction, { threshold: LEAK_THRESHOLD });
    if (near === null) kept.push(seed);
    else leaks.push(`"${excerpt(seed.instruction, 60)}" to ${excerpt(near.id, 40)}`);
  }
  const namesake = kept.find(({ id }) => ids.has(id));
  if (namesake) {
    throw new UserError(
      `${file}: nothing has changed: the id "${excerpt(namesake.id, 40)}" is that of another task of ${runId}; give it another one, or none`,
    );
  }
  const twins = seeds.length - kept.length - leaks.length;
  const dropped = [
    ...(twins > 0 ? [`${twins} of ${seeds.length} tasks are seeds of ${runId} already`] : []),
    ...(leaks.length > 0
      ? [
          `${leaks.length} of ${seeds.length} tasks are too near to a held-out task (${leaks.slice(0, 3).join(', ')}${leaks.length > 3 ? ', …' : ''})`,
        ]
      : []),
  ];
  if (kept.length === 0) throw new UserError(`${file}: nothing has changed: ${dropped.join('; ')}`);
  return { seeds: kept, dropped };
}

/** Puts the tasks into the run's store, under a name that their content gives. */
export async function storeSeeds(store: Store, runId: string, seeds: readonly Seed[]): Promise<Ref> {
  const bytes = seeds.map((seed) => `${toJson(seed)}\n`).join('');
  const sha256 = sha256Hex(bytes);
  const uri = runFiles(runId).addedSeeds(sha256);
  await store.create(uri, bytes);
  return { uri, sha256, count: seeds.length };
}

function taskOf({ instruction, instances }: Seed): string {
  return JSON.stringify([instruction, instances.map(({ input, output }) => [input, output])]);
}
