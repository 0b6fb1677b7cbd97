import { roundFiles } from '../activities/run-files.js';
import type { BatchStatus } from '../activities/teacher-batch/look-at-batch.js';
import type { CallPhase } from '../activities/types.js';
import { readJsonIfAny } from '../store/artifacts.js';
import type { Store } from '../store/types.js';

const STATUS_FILE = /\/batch-(\d+)-\d+\.status\.json$/;

/**
 * Files that are at a provider now, as it described them last, and those that it refused or cut short and that have no
 * successor yet. None where calls are made one by one.
 */
export async function openBatches(
  store: Store,
  { runId, round, phase }: { runId: string; round: number; phase: CallPhase | null },
): Promise<BatchStatus[]> {
  if (phase === null) return [];
  const newest = new Map<string, string>();
  for (const name of await store.list(roundFiles(runId, round).phase(phase).folder)) {
    const batch = STATUS_FILE.exec(name)?.[1];
    if (batch !== undefined) newest.set(batch, name);
  }
  const rows = await Promise.all([...newest.values()].map((name) => readJsonIfAny<BatchStatus>(store, name)));
  return rows.flatMap((row) => (row && (!row.hasEnded || row.trouble !== null) ? [row] : []));
}
