import type { Store } from '../../store/types.js';
import { stopServices } from '../../workers/services.js';
import { superviseServices } from '../../workers/supervisor.js';
import type { Context } from '../context.js';
import { follow, sayAbove } from '../follow.js';
import { unfinishedRuns } from '../runs.js';
import { type EndedRun, type OpenRun, type StartOptions, startRun } from '../start-run.js';
import { readStatus, type StatusReport } from '../status.js';
import { conclude } from './conclude.js';
import { printJson } from '../terminal.js';

/** What a run is for, where it is not for a dataset. */
type Kind = Pick<StartOptions, 'extractOnly' | 'scoring'>;

/** `seedmill run`: starts or rejoins a run and follows it to its end. Returns the exit code. */
export async function run(context: Context, options: StartOptions): Promise<number> {
  return await followStarted(context, await startRun(context, options), options);
}

/** Follows what was started to its end. Returns the exit code. */
export async function followStarted(
  context: Context,
  started: OpenRun | EndedRun,
  what: Kind = {},
): Promise<number> {
  const isTerminal = !context.json && process.stdout.isTTY;
  const { status, isDetached } = await toEnd(context, started, { ...what, isTerminal });
  if (!isDetached) return conclude(context, status);
  if (context.json) printJson(status);
  return 0;
}

/** Starts or rejoins a run and follows it until it ends, or until Ctrl-C: then it goes on without this command. */
export async function runToEnd(
  context: Context,
  { isTerminal, ...options }: StartOptions & { isTerminal: boolean },
): Promise<FollowedRun> {
  return await toEnd(context, await startRun(context, options), { ...options, isTerminal });
}

interface FollowedRun {
  store: Store;
  status: StatusReport;
  isDetached: boolean;
}

async function toEnd(
  context: Context,
  started: OpenRun | EndedRun,
  { isTerminal, ...what }: Kind & { isTerminal: boolean },
): Promise<FollowedRun> {
  announce(context, started, what);
  const { runId, opened } = started;
  const { store } = opened;
  if (started.disposition === 'finished') {
    return { store, status: await readStatus(store, runId), isDetached: false };
  }
  const supervisor = superviseServices({
    ...started.servicesOptions,
    services: started.services,
    onFailure: ({ message }) => (isTerminal ? sayAbove(message) : context.say(message)),
  });
  const detach = new AbortController();
  process.once('SIGINT', () => detach.abort());
  const { client } = started;
  try {
    const { say } = context;
    const status = await follow({ store, client, runId, say, isTerminal, signal: detach.signal });
    await supervisor.stop();
    const isDetached = detach.signal.aborted;
    if (isDetached) {
      say(`Detached; the run goes on. Come back with: npx seedmill watch ${runId}`);
      say(`Cancel it with: npx seedmill cancel ${runId}. Stop everything with: npx seedmill down`);
    } else await restServices(context, store);
    return { store, status, isDetached };
  } finally {
    await supervisor.stop();
    await client.connection.close();
  }
}

/** `seedmill start`: the same without following. */
export async function start(context: Context, options: StartOptions): Promise<number> {
  return await leaveStarted(context, await startRun(context, options), options);
}

/** Leaves what was started to itself. Returns the exit code. */
export async function leaveStarted(
  context: Context,
  started: OpenRun | EndedRun,
  what: Kind = {},
): Promise<number> {
  announce(context, started, what);
  if (started.disposition !== 'finished') await started.client.connection.close();
  context.say(`Follow it with: npx seedmill watch ${started.runId}`);
  const status = await readStatus(started.opened.store, started.runId);
  if (context.json) printJson(status);
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

function announce(
  { say }: Context,
  { runId, disposition }: OpenRun | EndedRun,
  { extractOnly, scoring }: Kind,
): void {
  const done = scoring ? 'Already scored:' : extractOnly ? 'Already extracted:' : null;
  const words = {
    new: 'Started run',
    rejoined: 'Rejoined run',
    finished: done ?? 'Already ended (--new starts another):',
  };
  say(`${words[disposition]} ${runId}`);
}
