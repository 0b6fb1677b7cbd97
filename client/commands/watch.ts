import { checkRunId } from '../../store/names.js';
import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { endedStates } from '../look.js';
import { progressLine, stateWord } from '../progress-lines.js';
import { readStatus } from '../status.js';
import { conclude } from './conclude.js';

/** `seedmill watch`: follows a run that goes on anyway; Ctrl-C only stops watching. */
export async function watch(context: Context, runId: string): Promise<number> {
  checkRunId(runId);
  const store = await findStore(context.storeUrl);
  const stored = await readStatus(store, runId);
  if (stored.dataset !== null) return conclude(context, stored);
  const isTerminal = !context.json && process.stdout.isTTY;
  // What the store knows, until the server has been found: that takes longer.
  const state = `${runId}: ${stateWord(stored)}`;
  context.say(isTerminal ? state : `${state} · ${progressLine(stored)}`);
  const { findClient } = await import('../find-server.js');
  const client = await findClient(context).catch((error: Error) => {
    // Nobody will change it any more.
    if (endedStates.has(stored.state)) return null;
    throw error;
  });
  if (client === null) return conclude(context, stored);
  const enough = new AbortController();
  process.once('SIGINT', () => enough.abort());
  try {
    const { follow } = await import('../follow.js');
    const last = await follow({ store, client, runId, say: context.say, isTerminal, signal: enough.signal });
    return enough.signal.aborted ? 0 : conclude(context, last);
  } finally {
    await client.connection.close();
  }
}
