import { DefaultLogger, Runtime } from '@temporalio/worker';
import { UserError } from '../../store/errors.js';
import { runWorkers } from '../../workers/worker-host.js';
import type { Context } from '../context.js';

/** `seedmill worker`: serves queues in the foreground until Ctrl-C or SIGTERM; for several machines. */
export async function worker(context: Context, list: string): Promise<number> {
  const queues = list.split(',').filter((queue) => queue !== '');
  if (queues.length === 0) throw new UserError('--queues: name at least one queue, for example seedmill,cpu');
  const unknown = queues.filter((queue) => !/^(seedmill|cpu|teacher-.+)$/.test(queue));
  if (unknown.length > 0) {
    throw new UserError(
      `--queues ${unknown.join(',')}: this worker serves seedmill, cpu and teacher-…; the student has its own, models/student/worker.py`,
    );
  }
  Runtime.install({
    logger: new DefaultLogger(context.verbose ? 'DEBUG' : 'WARN'),
    shutdownSignals: ['SIGINT', 'SIGTERM'],
  });
  const { storeUrl, stateDir } = context;
  await runWorkers({ queues, storeUrl, stateDir, onReady: () => context.say(`ready: ${queues.join(', ')}`) });
  return 0;
}
