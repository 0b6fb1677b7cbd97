import type { Store } from '../../store/types.js';
import { stopServices } from '../../workers/services.js';
import { superviseServices } from '../../workers/supervisor.js';
import type { Context } from '../context.js';
import { follow } from '../follow.js';
import { lossLine, noteLines, progressLine, stateWord } from '../progress-lines.js';
import { unfinishedRuns } from '../runs.js';
import { type EndedRun, type OpenRun, type StartOptions, startRun } from '../start-run.js';
import { readStatus, type StatusReport } from '../status.js';

/** `seedmill run`: starts or rejoins a run and follows it to its end. Returns the exit code. */
export async function run(context: Context, options: StartOptions): Promise<number> {
  const started = await startRun(context, options);
  announce(context, started);
  const { runId, opened } = started;
  if (started.disposition === 'finished') return conclude(context, await readStatus(opened.store, runId));
  const supervisor = superviseServices({
    ...started.servicesOptions,
    services: started.services,
    onFailure: (error) => context.say(error.message),
  });
  const detach = new AbortController();
  process.once('SIGINT', () => detach.abort());
  try {
    const status = await follow({
      store: opened.store,
      client: started.client,
      runId,
      say: context.say,
      isTerminal: !context.json && process.stdout.isTTY,
      signal: detach.signal,
    });
    await supervisor.stop();
    if (detach.signal.aborted) {
      context.say(`Detached; the run goes on. Come back with: npx seedmill watch ${runId}`);
      context.say(`Cancel it with: npx seedmill cancel ${runId}. Stop everything with: npx seedmill down`);
      if (context.json) process.stdout.write(`${JSON.stringify(status)}\n`);
      return 0;
    }
    await restServices(context, opened.store);
    return conclude(context, status);
  } finally {
    await supervisor.stop();
    await started.client.connection.close();
  }
}

/** `seedmill start`: the same without following. */
export async function start(context: Context, options: StartOptions): Promise<number> {
  const started = await startRun(context, options);
  announce(context, started);
  if (started.disposition !== 'finished') await started.client.connection.close();
  context.say(`Follow it with: npx seedmill watch ${started.runId}`);
  const status = await readStatus(started.opened.store, started.runId);
  if (context.json) process.stdout.write(`${JSON.stringify(status)}\n`);
  else context.say(`run: ${started.runId}`);
  return 0;
}

/**
 * After a run nobody needs models in memory. Temporal and its worker stay, so that the UI can be looked at (its details
 * are a worker's answer), and so does everything while another run of this store is open.
 */
async function restServices({ stateDir, say }: Context, store: Store): Promise<void> {
  const isIdle = async () => (await unfinishedRuns(store)).length === 0;
  const ended = await stopServices({ stateDir, say: () => {}, keep: ['temporal', 'worker'], onlyIf: isIdle });
  if (!(await isIdle())) return;
  const models = ended.length > 0 ? 'The models have ended. ' : '';
  say(`${models}Temporal and its worker go on for the UI; \`npx seedmill down\` ends them.`);
}

function announce({ say }: Context, { runId, disposition }: OpenRun | EndedRun): void {
  const words = {
    new: 'Started run',
    rejoined: 'Rejoined run',
    finished: 'Already ended (--new starts another):',
  };
  say(`${words[disposition]} ${runId}`);
}

/** The closing lines; exit code 0 for a finished run, 1 for one that failed or was cancelled. */
export function conclude({ say, json }: Context, status: StatusReport): number {
  if (json) {
    process.stdout.write(`${JSON.stringify(status)}\n`);
  } else {
    say(progressLine(status));
    for (const loss of status.heldOutLoss) say(lossLine(loss));
    for (const line of noteLines(status)) say(line);
    say(stateWord(status));
    if (status.dataset) say(`dataset: ${status.dataset}`);
    say(`run: ${status.runId}`);
  }
  return status.state === 'finished' ? 0 : 1;
}
