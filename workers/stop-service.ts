import { inFlightInWords, readDraining, removeDrainingNote } from './draining.js';
import { type OwnedProcess, stopProcess } from './processes.js';

/** How long a service may take to end by itself, calls to teachers apart. */
export const defaultGraceMs = 30_000;

/** The same when nobody wants to wait. */
const hurriedGraceMs = 2_000;

export interface StopServiceOptions {
  stateDir: string;
  owned: OwnedProcess;
  say: (line: string) => void;
  graceMs?: number;
  /** Default true. */
  waitsForCalls?: boolean;
}

/**
 * Ends a service. A worker gets the time on top that its calls in flight may take: each has the time limit of its
 * teacher, and an answer that nobody waits for is paid for and lost.
 */
export async function stopService(options: StopServiceOptions): ReturnType<typeof stopProcess> {
  const { stateDir, owned, say, graceMs = defaultGraceMs, waitsForCalls = true } = options;
  let isTold = false;
  const waitsUntilMs = async () => {
    const draining = await readDraining(stateDir, owned.pid);
    if (!draining) return 0;
    const { requests, untilMs } = draining;
    if (requests > 0 && !isTold) {
      isTold = true;
      const what = inFlightInWords({ requests, atMostMs: untilMs - Date.now() });
      say(`${owned.name}: waits for ${what} (Ctrl-C, then \`seedmill down --now\`, does not wait for them)`);
    }
    return untilMs;
  };
  const how = waitsForCalls
    ? await stopProcess(owned, { graceMs, waitsUntilMs })
    : await stopProcess(owned, { graceMs: Math.min(graceMs, hurriedGraceMs) });
  removeDrainingNote(stateDir, owned.pid);
  return how;
}
