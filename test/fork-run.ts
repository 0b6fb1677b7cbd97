import { readFork } from '../client/fork/read-fork.js';
import { claimRun } from '../client/run-identity.js';
import { settleTeachers } from '../client/settle-teachers.js';
import type { RunHarness } from './run-harness.js';

/** Forks a run of the harness as `seedmill fork` does, and starts its workflow. Returns the fork's id. */
export async function forkRun(
  harness: RunHarness,
  { runId, round = null, set = [], isNew = false }: ForkRequest,
): Promise<string> {
  const { inputs } = await readFork(harness.store, { runId, round, set });
  const claimed = await claimRun({
    store: harness.store,
    inputs: { ...inputs, recipe: await settleTeachers(inputs.recipe, '') },
    isNew,
    manifest: { seedmill: 'test', bundleSha256: 'test', teacherQueues: [] },
  });
  if (claimed.disposition === 'new') await harness.startWorkflow(claimed.runId);
  return claimed.runId;
}

interface ForkRequest {
  runId: string;
  round?: number | null;
  set?: string[];
  isNew?: boolean;
}
