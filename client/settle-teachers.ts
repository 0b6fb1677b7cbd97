import type { Recipe } from '../activities/recipe.js';
import type { Teacher } from '../activities/recipe-teacher.js';
import type { SettledEndpoint, StoredRecipe } from '../activities/run-data.js';
import { resolveEndpoint } from '../activities/teacher-endpoint.js';
import { unpricedTeachers, usedTeachers } from '../activities/teachers.js';
import { teacherIdentity } from '../store/call-key.js';
import { UserError } from '../store/errors.js';
import { priceOf } from '../store/price-table.js';
import { queueName } from './run-plan.js';

/**
 * The recipe with everything settled that depends on where its teachers are reached. `stateDir` null: nothing has been
 * started yet, so that a local teacher is known by its name only.
 * @throws UserError when a budget in dollars cannot be kept for want of a price.
 */
export async function settleTeachers(recipe: Recipe, stateDir: string | null): Promise<StoredRecipe> {
  const endpoints: Record<string, SettledEndpoint> = {};
  for (const teacher of usedTeachers(recipe)) endpoints[teacher.name] = await settle(teacher, stateDir);
  const settled = { ...recipe, endpoints };
  const unpriced = unpricedTeachers(settled);
  if (recipe.budget.usd !== undefined && unpriced !== null) {
    throw new UserError(
      `budget.usd: no price is known for ${unpriced}: set its price in the recipe (price.inputUsdPerMTok, price.outputUsdPerMTok), or a budget in calls or tokens`,
    );
  }
  return settled;
}

async function settle(teacher: Teacher, stateDir: string | null): Promise<SettledEndpoint> {
  const isKnown = teacher.endpoint === 'openai' || stateDir !== null;
  const { identity, model, baseUrl } = isKnown
    ? await resolveEndpoint(teacher, stateDir ?? '')
    : { identity: 'local', model: 'local', baseUrl: null };
  return {
    identity,
    model,
    queue: queueName(teacher.name, identity),
    price: priceOf({
      ...teacher,
      endpoint: baseUrl === null ? 'local' : teacherIdentity({ baseUrl }),
      model,
    }),
  };
}
