import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { forkLine, stateWord } from '../progress-lines.js';
import { allRuns } from '../runs.js';
import { readStatus } from '../status.js';
import { printJson } from '../terminal.js';
import { amountInWords, bytesInWords } from '../storage/bytes.js';
import { storeUsage } from '../storage/usage.js';

/** `seedmill list`: every run of the store, oldest first. */
export async function list(context: Context): Promise<number> {
  const store = await findStore(context.storeUrl);
  const runs = await allRuns(store);
  const statuses = await Promise.all(runs.map(({ runId }) => readStatus(store, runId)));
  const usage = await storeUsage(store);
  const sizeOf = (runId: string) => usage.runs.get(runId)?.bytes ?? 0;
  const known = new Set(runs.map(({ runId }) => runId));
  const others = [...usage.runs].filter(([runId]) => !known.has(runId));
  if (context.json) {
    const { answers, caches, total } = usage;
    const listed = statuses.map((status) => ({ ...status, bytes: sizeOf(status.runId) }));
    const storage = { answers, caches, total, unlisted: Object.fromEntries(others) };
    printJson({ runs: listed, storage });
    return 0;
  }
  if (statuses.length === 0) context.say(`no runs in ${store.url}`);
  for (const one of statuses) {
    const accepted = `${one.accepted}/${one.target ?? '?'} accepted`;
    const size = bytesInWords(sizeOf(one.runId));
    const line = [one.runId, stateWord(one), `round ${one.round}`, accepted, size, ...forkLine(one)];
    context.say(line.join('  '));
  }
  for (const [runId, amount] of others)
    context.say(`${runId}  removed by halves or begun by halves, ${amountInWords(amount)}`);
  context.say(`stored answers: ${amountInWords(usage.answers)}`);
  if (usage.caches.files > 0) context.say(`the student’s values of texts: ${amountInWords(usage.caches)}`);
  context.say(`in all: ${amountInWords(usage.total)}`);
  return 0;
}
