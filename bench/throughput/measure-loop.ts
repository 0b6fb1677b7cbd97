import { randomUUID } from 'node:crypto';
import { environmentFor, connectClient } from '../../workers/temporal-connection.js';
import { startChild } from '../child.js';
import { readHistories } from './histories.js';
import type { benchLoop } from './loop-workflow.js';
import { activityQueue, loops, loopWindow, type Measurement, workflowQueue } from './measurement.js';
import { UsageSampler } from './usage.js';
import { inWorkplace } from './workplace.js';

/** Four workflows that keep 50 activities each in flight, in a worker process of their own. */
export async function measureLoop(options: {
  name: 'empty' | 'bare';
  calls: number;
  teacher: { url: string; pid: number };
  /** File with the compiled `loop-workflow.ts`. */
  bundle: string;
  /** For the server's files and the store's. */
  folder: string;
}): Promise<Measurement> {
  const { name, calls, teacher, bundle, folder } = options;
  return await inWorkplace(folder, async ({ target, env, pidOf }) => {
    const worker = await startChild({
      file: new URL('./loop-worker.ts', import.meta.url),
      args: [bundle, teacher.url],
      env: environmentFor(target, env),
    });
    const client = await connectClient(target);
    try {
      const server = await pidOf('temporal');
      const sampler = UsageSampler.start({ server, worker: worker.pid, teacher: teacher.pid });
      const shares = Array.from({ length: loops }, (_, n) => Math.round((n * calls) / loops));
      await Promise.all(
        shares.map((from, n) =>
          client.workflow.execute<typeof benchLoop>('benchLoop', {
            workflowId: `loop-${n}-${randomUUID()}`,
            taskQueue: workflowQueue,
            args: [
              {
                activity: name === 'empty' ? 'nothing' : 'ask',
                activityQueue,
                from,
                to: shares[n + 1] ?? calls,
                window: loopWindow,
              },
            ],
          }),
        ),
      );
      await sampler?.stop();
      const { fromMs, toMs, history } = await readHistories({ client, calls, calling: 'benchLoop' });
      const seconds = (toMs - fromMs) / 1_000;
      const usage = sampler?.between(fromMs, toMs) ?? null;
      return { name, calls, seconds, callsPerSecond: calls / seconds, history, usage };
    } finally {
      await client.connection.close();
      await worker.stop();
    }
  });
}
