import { UserError } from '../../store/errors.js';
import { serve } from '../../workers/serve.js';
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
  const { storeUrl, stateDir, verbose, say } = context;
  await serve({ queues, storeUrl, stateDir, verbose, say });
  return 0;
}
