/**
 * Runs what belongs to the Python parts in their development environment, which it makes when it is not there:
 * `tsx test/python.ts pytest [arguments]` or `tsx test/python.ts check` (ruff's format and lint, pyright's types).
 */
import path from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../workers/folders.js';
import { preparePython, pythonChildEnvironment } from '../workers/python-environment.js';

const [task, ...rest] = process.argv.slice(2);
const { python } = await preparePython({
  sets: ['model', 'teacher', 'student', 'dev'],
  say: (line) => void process.stdout.write(`${line}\n`),
});

/** Exit code of a command that writes straight to this terminal. */
async function run(command: string, args: string[]): Promise<number> {
  const env = pythonChildEnvironment(process.env);
  const result = await execa(command, args, {
    cwd: packageRoot,
    env,
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
  });
  return result.exitCode ?? 1;
}

async function check(): Promise<number> {
  const codes = [
    await run(python, ['-m', 'ruff', 'format', '--check', 'models']),
    await run(python, ['-m', 'ruff', 'check', 'models']),
    await run(path.join(packageRoot, 'node_modules', '.bin', 'pyright'), ['--pythonpath', python, 'models']),
  ];
  return Math.max(...codes);
}

async function pytest(): Promise<number> {
  const reports = process.env.SEEDMILL_TEST_REPORTS;
  const report = reports === undefined ? [] : [`--junitxml=${path.join(reports, 'pytest.xml')}`];
  return run(python, ['-m', 'pytest', 'models/tests', ...report, ...rest]);
}

const tasks: Record<string, () => Promise<number>> = { check, pytest };
const chosen = tasks[task ?? ''];
if (chosen === undefined) {
  process.stderr.write('usage: tsx test/python.ts pytest|check [arguments of pytest]\n');
  process.exit(2);
}
process.exitCode = await chosen();
