/**
 * All TypeScript tests, as two runs of mocha at once: those of the command line wait for processes and time limits most
 * of the time, which is time for the others. Each run has its own Temporal server, folders and ports. Further arguments
 * go to both.
 */
import { existsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const parts: Record<string, string[]> = {
  cli: ['test/cli/**/*.test.ts'],
  other: ['test/**/*.test.ts', '--ignore', 'test/cli/**'],
};
const mocha = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
const reports = process.env.SEEDMILL_TEST_REPORTS;

/** Runs one part, each line of its output behind its name. True: all of it passed. */
async function run(name: string): Promise<boolean> {
  const args = [mocha, ...(parts[name] as string[]), ...process.argv.slice(2)];
  const child = execa(process.execPath, args, {
    reject: false,
    all: true,
    buffer: false,
    stdin: 'ignore',
    env: { SEEDMILL_TEST_PART: name },
  });
  for await (const line of createInterface({ input: child.all, crlfDelay: Number.POSITIVE_INFINITY }))
    process.stdout.write(`${name.padEnd(5)} | ${line}\n`);
  const { exitCode } = await child;
  const report = reports && path.join(reports, `mocha-${name}.json`);
  // It ended before its tests could be counted.
  if (report && !existsSync(report)) writeFileSync(report, JSON.stringify({ passed: 0, failed: 1 }));
  return exitCode === 0;
}

const names = Object.keys(parts);
const passed: boolean[] = [];
if (os.availableParallelism() > 1) passed.push(...(await Promise.all(names.map(run))));
else for (const name of names) passed.push(await run(name));
process.exitCode = passed.every(Boolean) ? 0 : 1;
