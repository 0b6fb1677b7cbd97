import type { Store } from '../../store/types.js';
import { checkRunId } from '../../store/names.js';
import { findStore } from '../../store/open-store.js';
import { changeLine, readChanges } from '../changes.js';
import type { Context } from '../context.js';
import { look } from '../look.js';
import { forkLine, progressLine, selectionWarning, stateWord } from '../progress-lines.js';
import { readStatus, type StatusReport } from '../status.js';
import { printJson } from '../terminal.js';

/** The newest ones, in text; with --json all of them. */
const changesShown = 5;

interface Seen {
  status: StatusReport;
  problems: string[];
  /** A run that has ended has said its last word in the store: nobody is asked. */
  server: 'answers' | 'silent' | 'not-asked';
}

/** `seedmill status`: once, from the store, and from the server where one answers. */
export async function status(context: Context, runId: string): Promise<number> {
  checkRunId(runId);
  const { json, say } = context;
  const store = await findStore(context.storeUrl);
  const stored = await readStatus(store, runId);
  // What the store knows is shown before anybody is asked: a server takes its time, or is not there.
  if (!json) for (const line of figures(stored)) say(line);
  const { status, problems, server } = await askServer(context, store, stored);
  const changes = await readChanges(store, runId);
  if (json) {
    printJson({ ...status, changes, problems });
    return 0;
  }
  if (stateWord(status) !== stateWord(stored)) say(`by the server: ${stateWord(status)}`);
  for (const change of changes.slice(-changesShown).reverse()) say(`changed ${changeLine(change)}`);
  for (const problem of problems) say(`! ${problem}`);
  if (server === 'silent') say('no Temporal server answers; these figures are the store’s');
  if (stored.asOf) say(`as of ${stored.asOf}`);
  if (stored.dataset) say(`dataset: ${stored.dataset}`);
  return 0;
}

function figures(status: StatusReport): string[] {
  const head = `${status.runId}: ${stateWord(status)}`;
  return [head, ...forkLine(status), progressLine(status), ...selectionWarning(status)];
}

async function askServer(context: Context, store: Store, stored: StatusReport): Promise<Seen> {
  if (stored.dataset !== null) return { status: stored, problems: [], server: 'not-asked' };
  const { findClient } = await import('../find-server.js');
  const client = await findClient(context).catch(() => null);
  if (client === null) return { status: stored, problems: [], server: 'silent' };
  try {
    return { ...(await look({ store, client, runId: stored.runId })), server: 'answers' };
  } finally {
    await client.connection.close();
  }
}
