import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { forkLine, stateWord } from '../progress-lines.js';
import { allRuns } from '../runs.js';
import { readStatus } from '../status.js';
import { printJson } from '../terminal.js';

/** `seedmill list`: every run of the store, oldest first. */
export async function list(context: Context): Promise<number> {
  const store = await findStore(context.storeUrl);
  const runs = await allRuns(store);
  const statuses = await Promise.all(runs.map(({ runId }) => readStatus(store, runId)));
  if (context.json) {
    printJson({ runs: statuses });
    return 0;
  }
  if (statuses.length === 0) context.say(`no runs in ${store.url}`);
  for (const one of statuses) {
    const accepted = `${one.accepted}/${one.target ?? '?'} accepted`;
    const line = [one.runId, stateWord(one), `round ${one.round}`, accepted, ...forkLine(one)];
    context.say(line.join('  '));
  }
  return 0;
}
