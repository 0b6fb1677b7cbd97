/**
 * What the operating system knows about processes. A pid alone names nobody, because it is used again; a pid
 * with its start time does.
 */
import { readdir, readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** Environment variable that marks a process as started by seedmill and says what it is (JSON, no secrets). */
export const ownerVariable = 'SEEDMILL_PROCESS';

/**
 * When a process started, in a form that never repeats for the same pid (Linux: boot id and clock ticks; macOS:
 * date). null: there is no such process, or it is dead and only waits for its parent (zombie).
 */
export async function startTimeOf(pid: number): Promise<string | null> {
  return process.platform === 'linux' ? linuxStartTime(pid) : psStartTime(pid);
}

async function linuxStartTime(pid: number): Promise<string | null> {
  const stat = await readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command's name may hold spaces and parentheses: fields count from behind its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X' || startTicks === undefined) return null;
  const bootId = await readOrNull('/proc/sys/kernel/random/boot_id');
  return `${bootId?.trim() ?? 'boot'}:${startTicks}`;
}

async function psStartTime(pid: number): Promise<string | null> {
  const { stdout, exitCode } = await execa('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    reject: false,
    env: { LC_ALL: 'C', TZ: 'UTC' },
  });
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout) ?? [];
  return exitCode !== 0 || started === undefined || state?.startsWith('Z') ? null : started;
}

export interface MarkedProcess {
  pid: number;
  /** Value of the owner variable. */
  mark: string;
}

/**
 * Processes of this user that lead their own process group and carry seedmill's mark. This finds a child whose
 * entry in the registry was never written or is lost.
 */
export async function markedProcesses(): Promise<MarkedProcess[]> {
  return process.platform === 'linux' ? markedOnLinux() : markedByPs();
}

async function markedOnLinux(): Promise<MarkedProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const mark = (await readOrNull(`/proc/${pid}/environ`))
        ?.split('\0')
        .find((entry) => entry.startsWith(`${ownerVariable}=`))
        ?.slice(ownerVariable.length + 1);
      if (mark === undefined) return [];
      const stat = (await readOrNull(`/proc/${pid}/stat`)) ?? '';
      const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
      // A child's own children inherit the mark; only the leader is ours to keep.
      return group === pid ? [{ pid: Number(pid), mark }] : [];
    }),
  );
  return found.flat();
}

async function markedByPs(): Promise<MarkedProcess[]> {
  const { stdout } = await execa('ps', ['-axwwE', '-o', 'pid=,pgid=,command='], { reject: false });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, group, rest] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    const [, mark] = new RegExp(`\\s${ownerVariable}=(\\{.*?\\})(?:\\s|$)`).exec(rest ?? '') ?? [];
    return pid !== undefined && pid === group && mark !== undefined ? [{ pid: Number(pid), mark }] : [];
  });
}

/** Sends a signal to a process group; false when it has no member left. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    // macOS answers EPERM for a group that consists of zombies.
    if (['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** A process can end between being listed and being read, and other users' processes cannot be read at all. */
async function readOrNull(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return null;
    throw error;
  }
}
