import pc from 'picocolors';
import { cacheFolder } from '../../workers/folders.js';
import type { Context } from '../context.js';
import { type Check, checkDisk, checkGpu, checkNode, checkStore } from './doctor-machine.js';
import { checkPython, checkTeacher, checkTemporal, listProcesses } from './doctor-services.js';
import { printJson } from '../terminal.js';

const marks = { ok: pc.green('ok     '), missing: pc.red('missing'), note: pc.yellow('note   ') };

/**
 * `seedmill doctor`: what is found, what is missing and how to get it, and every process that seedmill owns here.
 * Starts and installs nothing. Exit code 1 when something needed is missing.
 */
export async function doctor(context: Context): Promise<number> {
  const { stateDir, storeUrl, say, json } = context;
  const cache = cacheFolder();
  const groups = await Promise.all([
    [checkNode()],
    checkTemporal({ stateDir, cache }),
    checkPython(cache),
    checkTeacher(stateDir),
    checkGpu(),
    checkStore(storeUrl),
    checkDisk({ 'state folder': stateDir, 'cache folder': cache }),
  ]);
  const checks = groups.flat();
  const processes = await listProcesses(stateDir, say);
  for (const { name, status, detail, advice } of checks) {
    say(`${marks[status]} ${name}: ${detail}${advice === undefined ? '' : `\n          → ${advice}`}`);
  }
  say(processes.length === 0 ? 'No process was started here.' : 'Processes started here:');
  for (const { name, pid, state, ports, log } of processes) {
    const where = Object.entries(ports).map(([kind, port]) => `${kind} ${port}`);
    say(`  ${name}: ${state}, pid ${pid}${where.length > 0 ? `, ${where.join(', ')}` : ''}, log ${log}`);
  }
  const isComplete = !checks.some(({ status }: Check) => status === 'missing');
  if (json) printJson({ ok: isComplete, checks, processes });
  return isComplete ? 0 : 1;
}
