import { checkRunId } from '../../store/names.js';
import { findStore } from '../../store/open-store.js';
import { changeLine, readChanges } from '../changes.js';
import type { Context } from '../context.js';
import { findClient } from '../find-server.js';
import { follow, look } from '../follow.js';
import { progressLine, selectionWarning, stateWord } from '../progress-lines.js';
import { allRuns } from '../runs.js';
import { readStatus } from '../status.js';
import { conclude } from './conclude.js';

/** The newest ones, in text; with --json all of them. */
const changesShown = 5;

/** `seedmill status`: once, from the store, and from the server where one answers. */
export async function status(context: Context, runId: string): Promise<number> {
  checkRunId(runId);
  const store = await findStore(context.storeUrl);
  await readStatus(store, runId);
  const client = await findClient(context).catch(() => null);
  try {
    const { status, problems } = await look({ store, client, runId });
    const changes = await readChanges(store, runId);
    if (context.json) {
      process.stdout.write(`${JSON.stringify({ ...status, changes, problems })}\n`);
    } else {
      context.say(`${runId}: ${stateWord(status)}`);
      context.say(progressLine(status));
      for (const line of selectionWarning(status)) context.say(line);
      for (const change of changes.slice(-changesShown).reverse())
        context.say(`changed ${changeLine(change)}`);
      for (const problem of problems) context.say(`! ${problem}`);
      if (!client) context.say('no Temporal server answers; these figures are the store’s');
      if (status.asOf) context.say(`as of ${status.asOf}`);
      if (status.dataset) context.say(`dataset: ${status.dataset}`);
    }
    return 0;
  } finally {
    await client?.connection.close();
  }
}

/** `seedmill watch`: follows a run that goes on anyway; Ctrl-C only stops watching. */
export async function watch(context: Context, runId: string): Promise<number> {
  checkRunId(runId);
  const store = await findStore(context.storeUrl);
  await readStatus(store, runId);
  const client = await findClient(context);
  const enough = new AbortController();
  process.once('SIGINT', () => enough.abort());
  try {
    const isTerminal = !context.json && process.stdout.isTTY;
    const last = await follow({ store, client, runId, say: context.say, isTerminal, signal: enough.signal });
    return enough.signal.aborted ? 0 : conclude(context, last);
  } finally {
    await client.connection.close();
  }
}

/** `seedmill list`: every run of the store, oldest first. */
export async function list(context: Context): Promise<number> {
  const store = await findStore(context.storeUrl);
  const runs = await allRuns(store);
  const statuses = await Promise.all(runs.map(({ runId }) => readStatus(store, runId)));
  if (context.json) {
    process.stdout.write(`${JSON.stringify({ runs: statuses })}\n`);
    return 0;
  }
  if (statuses.length === 0) context.say(`no runs in ${store.url}`);
  for (const one of statuses) {
    const accepted = `${one.accepted}/${one.target ?? '?'} accepted`;
    context.say([one.runId, stateWord(one), `round ${one.round}`, accepted].join('  '));
  }
  return 0;
}
