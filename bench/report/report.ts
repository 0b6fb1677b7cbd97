/** `npm run bench -- report`: what the report of a large run takes. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { packageRoot } from '../../workers/folders.js';
import { writeRun } from './write-run.js';

export interface ReportBenchOptions {
  candidates: number[];
  perRound: number;
  json: boolean;
}

export async function benchReport({ candidates, perRound, json }: ReportBenchOptions): Promise<void> {
  const goes: unknown[] = [];
  for (const count of candidates) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-bench-report-'));
    try {
      const rounds = Math.ceil(count / perRound);
      process.stderr.write(`writing ${rounds} rounds of ${perRound} candidates\n`);
      const runId = await writeRun(folder, { rounds, perRound });
      const script = fileURLToPath(new URL('./report-child.ts', import.meta.url));
      const args = ['--import', 'tsx', script, folder, runId];
      const { stdout } = await execa(process.execPath, args, { cwd: packageRoot, stderr: 'inherit' });
      goes.push({ rounds, ...(JSON.parse(stdout) as object) });
      process.stderr.write(`${stdout}\n`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const report = { cores: os.availableParallelism(), node: process.version, load: os.loadavg()[0], goes };
  process.stdout.write(`${JSON.stringify(report, null, json ? 0 : 2)}\n`);
}
