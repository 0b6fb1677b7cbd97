/** Child processes of the benchmarks: TypeScript, each leading a process group, so that its usage can be told apart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../workers/folders.js';
import { signalGroup } from '../workers/process-table.js';

export interface Child {
  pid: number;
  /** What it printed first, when it was ready. */
  firstLine: string;
  stop(): Promise<void>;
}

/** Starts a file and waits for its first line. Throws when it ends before. */
export async function startChild(options: {
  file: URL;
  args: string[];
  env?: NodeJS.ProcessEnv;
}): Promise<Child> {
  const script = fileURLToPath(options.file);
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...options.args], {
    cwd: packageRoot,
    detached: true,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${script} cannot be started`);
  const kill = () => void signalGroup(pid, 'SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    child.kill('SIGTERM');
    const killing = setTimeout(kill, 20_000);
    await ended;
    clearTimeout(killing);
    process.off('exit', kill);
  };
  return { pid, firstLine: await firstLine(child, script), stop };
}

async function firstLine(child: ChildProcess, script: string): Promise<string> {
  if (child.stdout === null) throw new Error('its output is piped');
  const lines = createInterface({ input: child.stdout });
  return await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('close', (code) => reject(new Error(`${script} ended with code ${code} before it was ready`)));
  });
}
