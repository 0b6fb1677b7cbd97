/** `npm run bench -- throughput`: an empty loop, a bare one and a seedmill run, one after the other in one go. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import { startChild } from '../child.js';
import { measureLoop } from './measure-loop.js';
import { measureSeedmill } from './measure-seedmill.js';
import { latencyMs, type MeasuredName, type Measurement } from './measurement.js';
import { describe, type Go, summarise } from './report.js';
import { teacherRequestsPerSecond } from './teacher-speed.js';

const say = (line: string) => void process.stderr.write(`${line}\n`);

export async function benchThroughput(options: {
  calls: number[];
  only: MeasuredName[];
  json: boolean;
}): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-bench-'));
  const child = await startChild({ file: new URL('./teacher.ts', import.meta.url), args: [`${latencyMs}`] });
  const teacher = { url: `http://127.0.0.1:${child.firstLine}/v1`, pid: child.pid };
  try {
    const perSecond = await teacherRequestsPerSecond(teacher.url);
    say(`teacher: ${Math.round(perSecond)} requests/s at ${latencyMs} ms`);
    const bundle = path.join(folder, 'loop-bundle.js');
    await writeFile(bundle, await bundleWorkflows(new URL('./loop-workflow.ts', import.meta.url)));
    const goes: Go[] = [];
    for (const calls of options.calls) {
      const measured: Measurement[] = [];
      for (const name of options.only) {
        const measurement =
          name === 'seedmill'
            ? await measureSeedmill({ calls, teacher, folder })
            : await measureLoop({ name, calls, teacher, bundle, folder });
        say(describe(measurement));
        measured.push(measurement);
      }
      goes.push(summarise(calls, measured));
    }
    const report = {
      cores: os.availableParallelism(),
      node: process.version,
      teacherLatencyMs: latencyMs,
      teacherRequestsPerSecond: Math.round(perSecond),
      goes,
    };
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else for (const go of goes) process.stdout.write(`${JSON.stringify(go, null, 2)}\n`);
  } finally {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
