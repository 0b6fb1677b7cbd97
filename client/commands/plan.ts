import { chooseHeldOut } from '../../activities/prepare-run.js';
import { findStore, NoStoreError } from '../../store/open-store.js';
import type { Store } from '../../store/types.js';
import type { Context } from '../context.js';
import { makePlan } from '../plan/make-plan.js';
import { measure, nothingMeasured } from '../plan/measure.js';
import { planAsJson, planTable } from '../plan/plan-table.js';
import { type InputOptions, readInputs } from '../read-inputs.js';
import { settleTeachers } from '../settle-teachers.js';
import { printJson } from '../terminal.js';

/** `seedmill plan`: what a run of a recipe is expected to need. Asks nobody, and writes nothing. */
export async function plan(context: Context, options: InputOptions): Promise<number> {
  const { recipe, seeds, heldOut, given } = await readInputs(context, options);
  const settled = await settleTeachers(recipe, null);
  const store = await storeIfAny(context.storeUrl);
  const { pool } = chooseHeldOut(recipe, { seeds, given: heldOut });
  const expected = await makePlan({
    recipe: settled,
    seeds: pool,
    given,
    measured: store === null ? nothingMeasured() : await measure(store, settled),
  });
  if (context.json) printJson(planAsJson(expected));
  else for (const line of planTable(expected)) context.say(line);
  return 0;
}

async function storeIfAny(url: string): Promise<Store | null> {
  try {
    return await findStore(url);
  } catch (error) {
    // The first run makes it: there is nothing to learn from yet.
    if (error instanceof NoStoreError) return null;
    throw error;
  }
}
