/** Real processes for tests of the services. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startTimeOf } from '../../workers/process-table.js';

export { until } from '../until.js';

/** Runs a script beside this file with tsx (null: bash), with its output piped. */
export function runScript(
  script: string | null,
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  const file = script === null ? null : fileURLToPath(new URL(`./${script}`, import.meta.url));
  const [command, before] =
    file === null ? ['bash', []] : [process.execPath, ['--import', import.meta.resolve('tsx'), file]];
  const child = spawn(command, [...before, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  return child;
}

/** Everything a child writes to standard output, once it has ended; throws with its errors when it failed. */
export async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`exit code ${code}: ${errors}`);
  return output;
}

/** SIGKILL, and waits until the process is gone. */
export async function killNow({ pid }: { pid?: number | undefined }): Promise<void> {
  if (pid === undefined) throw new Error('this process never started');
  process.kill(pid, 'SIGKILL');
  while ((await startTimeOf(pid)) !== null) await sleep(10);
}
