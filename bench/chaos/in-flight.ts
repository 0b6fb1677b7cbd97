import { parseLines, readJsonIfAny } from '../../store/artifacts.js';
import type { Intent, LedgerRow } from '../../store/ledger.js';
import { responseName, type StoredResponse } from '../../store/response-store.js';
import type { Store } from '../../store/types.js';

/**
 * Ids of the requests that a process had in flight when it was killed or stopped: it wrote an intent, no outcome, and
 * its answer is not in the store.
 */
export async function requestsInFlight(options: {
  store: Store;
  runId: string;
  pid: number;
}): Promise<string[]> {
  const { store, runId, pid } = options;
  // A log has one part per process, whose name begins with the pid (store/writer.ts).
  const isPart = new RegExp(`\\.ledger/${pid}-[^/]*$`);
  const intents = new Map<string, Intent>();
  const settled = new Set<string>();
  for (const part of (await store.list(`${runId}/rounds`)).filter((name) => isPart.test(name))) {
    const text = (await store.read(part))?.toString('utf8') ?? '';
    for (const row of parseLines<LedgerRow>(text.split('\n').slice(0, -1), part)) {
      if (row.row === 'intent') intents.set(row.attemptId, row);
      else settled.add(row.attemptId);
    }
  }
  const open: string[] = [];
  for (const { attemptId, callKey } of intents.values()) {
    if (settled.has(attemptId)) continue;
    const stored = await readJsonIfAny<StoredResponse>(store, responseName(callKey));
    if (stored?.attemptId !== attemptId) open.push(attemptId);
  }
  return open;
}
