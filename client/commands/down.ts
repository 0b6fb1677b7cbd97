import { stopServices } from '../../workers/services.js';
import type { Context } from '../context.js';
import { printJson } from '../terminal.js';

/**
 * `seedmill down`: ends every process that seedmill started for this state folder, once calls in flight have finished;
 * with `now` at once. Returns the exit code.
 */
export async function down({ stateDir, say, json }: Context, { now }: { now: boolean }): Promise<number> {
  const ended = await stopServices({ stateDir, say, now });
  say(ended.length === 0 ? 'Nothing was running.' : 'Runs go on from where they are with the next start.');
  if (json) {
    const result = { ended: ended.map(({ name, pid }) => ({ name, pid })) };
    printJson(result);
  }
  return 0;
}
