/** One look at a run: its store and, where there is one, its server. */
import type { Client } from '@temporalio/client';
import { runFiles } from '../activities/run-files.js';
import { readJsonIfAny } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import type { RoundRow } from '../workflows/messages.js';
import type { RunManifest } from './run-identity.js';
import { readStatus, type StatusReport } from './status.js';

/** States that a run does not leave. */
export const endedStates: ReadonlySet<string> = new Set(['finished', 'cancelled', 'failed']);

export interface Look {
  status: StatusReport;
  /** What keeps the run from going on, in words. */
  problems: string[];
  /** The newest rounds that are closed, as the run tells them; empty when it tells nothing. */
  rounds: RoundRow[];
}

/** Store and server together. A run whose workflow ended without a result has failed. */
export async function look(options: { store: Store; client: Client | null; runId: string }): Promise<Look> {
  const { store, client, runId } = options;
  if (client === null) return { status: await readStatus(store, runId), problems: [], rounds: [] };
  const { lookAt } = await import('./live-run.js');
  const live = await lookAt(client, { runId, queues: await queuesOf(store, runId) });
  const status = await readStatus(store, runId, live.status ?? undefined);
  const rounds = live.status?.loop?.rounds ?? [];
  const { execution, problems } = live;
  if (execution !== null && execution !== 'RUNNING' && status.dataset === null) {
    const next =
      execution === 'COMPLETED'
        ? `the store has no result of it, and "seedmill fork ${runId}" goes on from its rounds`
        : 'the same command starts it again from the store';
    const why = `its workflow is ${execution} in Temporal; ${next}`;
    return {
      status: { ...status, review: null, state: 'failed', stopReason: status.stopReason ?? why },
      problems: [],
      rounds,
    };
  }
  // What the store recorded last may be of an earlier start of this run.
  const isOutdated = execution === 'RUNNING' && status.dataset === null && endedStates.has(status.state);
  return { status: isOutdated ? { ...status, state: 'running' } : status, problems, rounds };
}

/** The queues that a run needs workers on; none for a run that is not there. */
async function queuesOf(store: Store, runId: string): Promise<string[]> {
  const manifest = await readJsonIfAny<RunManifest>(store, runFiles(runId).manifest);
  // Not the student's: its worker takes one round at a time and does not poll meanwhile.
  return manifest ? ['seedmill', 'cpu', ...manifest.teacherQueues] : [];
}
