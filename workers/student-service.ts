/** The student: a Temporal activity worker in Python, on queue `student`. */
import path from 'node:path';
import { fingerprint, hashOfFiles } from './fingerprint.js';
import { packageRoot } from './folders.js';
import { pollsItsQueues } from './pollers.js';
import { pythonChildEnvironment } from './python-environment.js';
import type { Service } from './service.js';
import { environmentFor, type TemporalTarget } from './temporal-connection.js';

const queue = 'student';

export async function studentService(options: {
  stateDir: string;
  storeUrl: string;
  target: TemporalTarget;
  python: string;
  env: NodeJS.ProcessEnv;
}): Promise<Service> {
  const { stateDir, storeUrl, target, python, env } = options;
  const models = path.join(packageRoot, 'models');
  const args = [path.join(models, 'student', 'worker.py')];
  const build = await hashOfFiles([path.join(models, 'student')], ['.py']);
  const { address, namespace } = target;
  return {
    name: 'student',
    label: 'Student',
    command: python,
    args,
    env: {
      ...pythonChildEnvironment(environmentFor(target, env)),
      SEEDMILL_STORE: storeUrl,
      SEEDMILL_STATE_DIR: stateDir,
    },
    fingerprint: fingerprint({ python, args, build, storeUrl, address, namespace }, env),
    queues: [queue],
    lastArguments: async () => ({ args: [], ports: {} }),
    // Importing PyTorch for the first time on a busy machine takes its time.
    readyWithinMs: 300_000,
    isReady: (owned) => pollsItsQueues({ target, owned }),
  };
}
