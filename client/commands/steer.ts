import os from 'node:os';
import { openStore } from '../../store/open-store.js';
import { hasEnded } from '../run-identity.js';
import { UserError } from '../../store/errors.js';
import { checkRunId } from '../../store/names.js';
import type { RunStatus } from '../../workflows/messages.js';
import type { Context } from '../context.js';
import { findClient } from '../find-server.js';
import { steer } from '../live-run.js';
import { readStatus } from '../status.js';

/** `seedmill pause`: no new calls; those in flight are awaited and stored. */
export async function pause(context: Context, runId: string, reason: string): Promise<number> {
  return await change(context, runId, { update: 'pause', arg: { by: person(), reason } });
}

/** `seedmill resume`. */
export async function resume(context: Context, runId: string): Promise<number> {
  return await change(context, runId, { update: 'resume', arg: { by: person() } });
}

/** `seedmill cancel`: ends a run with what it has; `now` also aborts the calls in flight. */
export async function cancel(context: Context, runId: string, now: boolean): Promise<number> {
  return await change(context, runId, { update: 'cancel', arg: { by: person(), now } });
}

async function change(
  context: Context,
  runId: string,
  request: { update: string; arg: unknown },
): Promise<number> {
  checkRunId(runId);
  const { store } = await openStore(context.storeUrl);
  await readStatus(store, runId);
  if (await hasEnded(store, runId)) throw new UserError(`${request.update} ${runId}: the run has ended`);
  const client = await findClient(context).catch((error: Error) => {
    throw new UserError(`${request.update} ${runId}: nothing has changed: ${error.message}`);
  });
  try {
    const status = await steer(client, { runId, ...request });
    report(context, runId, status);
    return 0;
  } finally {
    await client.connection.close();
  }
}

function report({ json, say }: Context, runId: string, status: RunStatus): void {
  if (json) process.stdout.write(`${JSON.stringify({ runId, ...status })}\n`);
  else say(`${runId} is ${status.state}`);
}

/** Who steers, as this machine knows the person. */
function person(): string {
  try {
    return os.userInfo().username;
  } catch {
    return 'unknown';
  }
}
