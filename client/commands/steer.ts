import os from 'node:os';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { unpricedTeachers } from '../../activities/teachers.js';
import type { Budget } from '../../activities/types.js';
import { readJson } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import { checkRunId } from '../../store/names.js';
import { findStore } from '../../store/open-store.js';
import { exceeded, inWords, noBudget } from '../../workflows/budget.js';
import type { RunStatus } from '../../workflows/messages.js';
import type { Context } from '../context.js';
import { findClient } from '../find-server.js';
import { steer } from '../live-run.js';
import { hasEnded } from '../run-identity.js';
import { planOf } from '../run-plan.js';
import { settingsChanges } from '../settings-changes.js';
import { readStatus, type StatusReport } from '../status.js';
import { printJson } from '../terminal.js';

/** What every steering command takes. */
export interface Steering {
  /** Name of the person who makes the change; the machine's user where not given. */
  by?: string;
}

/** `seedmill pause`: no new calls; those in flight are awaited and stored. */
export async function pause(
  context: Context,
  runId: string,
  options: Steering & { reason: string },
): Promise<number> {
  const { by, reason } = options;
  return await change(context, runId, { update: 'pause', arg: { by: person(by), reason } });
}

/** `seedmill resume`. */
export async function resume(context: Context, runId: string, { by }: Steering): Promise<number> {
  return await change(context, runId, { update: 'resume', arg: { by: person(by) } });
}

/** `seedmill cancel`: ends a run with what it has; `now` also aborts the calls in flight. */
export async function cancel(
  context: Context,
  runId: string,
  options: Steering & { now?: boolean },
): Promise<number> {
  const { by, now = false } = options;
  return await change(context, runId, { update: 'cancel', arg: { by: person(by), now } });
}

/** `seedmill set`: changes target, budget, concurrency or limits of a run while it lives. */
export async function set(
  context: Context,
  runId: string,
  { changes, teacher, by: name }: Steering & { changes: string[]; teacher?: string },
): Promise<number> {
  checkRunId(runId);
  const store = await findStore(context.storeUrl);
  const status = await readStatus(store, runId);
  const recipe = await readJson<StoredRecipe>(store, runFiles(runId).recipe);
  const requests = settingsChanges(changes, {
    teacher: teacher ?? recipe.teacher.name,
    plan: planOf(recipe),
  });
  for (const request of requests)
    if (request.update === 'setBudget') checkBudget(request.arg.budget, status, recipe);
  const by = person(name);
  return await change(
    context,
    runId,
    ...requests.map(({ update, arg }) => ({ update, arg: { by, ...arg } })),
  );
}

/** The run itself knows what was spent at its last step; the store knows what is spent now. */
function checkBudget(budget: Partial<Budget>, status: StatusReport, recipe: StoredRecipe): void {
  const unpriced = unpricedTeachers(recipe);
  if (budget.usd != null && unpriced !== null) {
    throw new UserError(`budget.usd: nothing has changed: no price is known for ${unpriced}`);
  }
  const { spent } = status.budget;
  const wanted = { ...noBudget, ...budget };
  const [key] = exceeded(spent, wanted);
  if (key === undefined) return;
  throw new UserError(
    `budget.${key}: nothing has changed: ${inWords(key, spent)} are spent already, more than ${inWords(key, wanted)}`,
  );
}

/** Sends updates to a run, one after the other, and says what it is then. */
export async function change(
  context: Context,
  runId: string,
  ...requests: { update: string; arg: unknown }[]
): Promise<number> {
  checkRunId(runId);
  const what = requests.map(({ update }) => update).join(', ');
  const store = await findStore(context.storeUrl);
  await readStatus(store, runId);
  if (await hasEnded(store, runId)) throw new UserError(`${what} ${runId}: the run has ended`);
  const client = await findClient(context).catch((error: Error) => {
    throw new UserError(`${what} ${runId}: nothing has changed: ${error.message}`);
  });
  try {
    let status: RunStatus | null = null;
    const done: string[] = [];
    for (const request of requests) {
      status = await steer(client, { runId, ...request }).catch((error: Error) => {
        throw done.length > 0 ? new UserError(`${done.join(', ')}: done; ${error.message}`) : error;
      });
      done.push(request.update);
    }
    if (status) report(context, runId, status);
    return 0;
  } finally {
    await client.connection.close();
  }
}

function report({ json, say }: Context, runId: string, status: RunStatus): void {
  if (json) printJson({ runId, ...status });
  else say(`${runId} is ${status.state}`);
}

/** Who steers: the given name, else as this machine knows the person. */
export function person(given: string | undefined): string {
  if (given !== undefined) {
    if (given.trim() === '') throw new UserError('--by: the name is empty');
    return given;
  }
  try {
    return os.userInfo().username;
  } catch {
    return 'unknown';
  }
}
