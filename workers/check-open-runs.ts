/** Before a worker takes workflow tasks: can its code continue the runs that are open? */
import { Worker } from '@temporalio/worker';
import { runFiles } from '../activities/run-files.js';
import { readJsonIfAny } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import { runOf } from '../workflows/ids.js';
import { ServiceError } from './service-error.js';
import { connectClient, type TemporalTarget } from './temporal-connection.js';
import type { WorkflowBundle } from './workflow-bundle.js';

/**
 * Replays every open workflow of this store's runs that other code has started. A worker that cannot continue one
 * would otherwise fail its tasks for ever, where nobody looks.
 * @throws ServiceError naming the runs, the version that started them, and the ways out.
 */
export async function checkOpenRuns(options: {
  target: TemporalTarget;
  store: Store;
  bundle: WorkflowBundle;
}): Promise<void> {
  const { target, store, bundle } = options;
  const client = await connectClient(target);
  const refused = new Map<string, string>();
  try {
    const open = client.workflow.list({ query: `ExecutionStatus = "Running" AND TaskQueue = "seedmill"` });
    for await (const { workflowId, runId } of open) {
      const run = runOf(workflowId);
      const started = await startedBy(store, run);
      if (started === null || started.bundleSha256 === bundle.sha256 || refused.has(run)) continue;
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      const isContinuable = await Worker.runReplayHistory(
        { workflowBundle: { code: bundle.code } },
        history,
        workflowId,
      ).then(
        () => true,
        () => false,
      );
      if (!isContinuable) refused.set(run, started.seedmill);
    }
  } finally {
    await client.connection.close();
  }
  if (refused.size === 0) return;
  const runs = [...refused].map(([run, version]) => `${run} (started by version ${version})`);
  throw new ServiceError(
    `this version's workflows cannot continue ${runs.join(', ')}. Finish them with the version that started them; or terminate them in the Temporal UI and run the same command: they begin again from their store, and stored answers cost nothing.`,
  );
}

interface StartedBy {
  seedmill: string;
  bundleSha256: string;
}

/** null: no run of this store. */
async function startedBy(store: Store, runId: string): Promise<StartedBy | null> {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(runId)) return null;
  return (await readJsonIfAny<StartedBy>(store, runFiles(runId).manifest)) ?? null;
}
