import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { UserError } from '../../store/errors.js';
import { checkRunId } from '../../store/names.js';
import { findStore } from '../../store/open-store.js';
import { loopId } from '../../workflows/ids.js';
import type { Context } from '../context.js';
import { findClient } from '../find-server.js';
import { printJson } from '../terminal.js';
import { amountInWords, bytesInWords } from '../storage/bytes.js';
import { isConfirmed } from '../storage/confirm.js';
import { findRun, removeRun } from '../storage/remove-run.js';

/** `seedmill rm`: removes a run from its store; stored answers stay. Returns the exit code. */
export async function rm(context: Context, runId: string, { yes }: { yes: boolean }): Promise<number> {
  checkRunId(runId);
  const store = await findStore(context.storeUrl);
  const run = await findRun(store, runId);
  if (run.mayBeOpen) await refuseOpen(context, runId);
  if (!(await isConfirmed(`Remove ${runId} (${amountInWords(run.amount)})?`, { yes }))) {
    context.say('nothing is removed');
    return 1;
  }
  await removeRun(store, { runId, refuseOpen: () => refuseOpen(context, runId) });
  if (context.json) printJson({ runId, freed: run.amount });
  context.say(
    `removed ${runId}: ${bytesInWords(run.amount.bytes)} freed; stored answers stay ("seedmill prune" removes those that no run uses)`,
  );
  return 0;
}

/** A run without a result may be at work: only the server knows. */
async function refuseOpen(context: Context, runId: string): Promise<void> {
  const client = await findClient(context).catch((error: Error) => {
    throw new UserError(
      `rm ${runId}: nothing is removed: it has not ended, and nobody tells whether it is at work (${error.message}); "seedmill up" starts the server`,
    );
  });
  try {
    for (const workflowId of [runId, loopId(runId)]) {
      if (await isRunning(client, workflowId)) {
        throw new UserError(
          `rm ${runId}: nothing is removed: the run is open; "seedmill cancel ${runId}" ends it with what it has`,
        );
      }
    }
  } finally {
    await client.connection.close();
  }
}

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
