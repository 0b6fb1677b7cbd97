/** The Node worker process: workflows, light I/O, filter and teacher calls, as its queues say. */
import path from 'node:path';
import { fingerprint, hashOfFiles } from './fingerprint.js';
import { isCompiled, packageRoot } from './folders.js';
import type { Service } from './service.js';
import { pollsItsQueues } from './pollers.js';
import { environmentFor, type TemporalTarget } from './temporal-connection.js';

const sourceFolders = ['activities', 'methods', 'similarity', 'store', 'workers', 'workflows'];

export async function nodeWorkerService(options: {
  stateDir: string;
  storeUrl: string;
  queues: string[];
  target: TemporalTarget;
  env: NodeJS.ProcessEnv;
}): Promise<Service> {
  const { stateDir, storeUrl, queues, target, env } = options;
  const [entry, loader] = isCompiled
    ? [path.join(packageRoot, 'dist', 'workers', 'main.js'), []]
    : [path.join(packageRoot, 'workers', 'main.ts'), ['--import', import.meta.resolve('tsx')]];
  const args = [...loader, entry];
  const build = isCompiled
    ? await hashOfFiles([path.join(packageRoot, 'dist')], ['.js', '.mjs', '.cjs'])
    : await hashOfFiles(
        sourceFolders.map((folder) => path.join(packageRoot, folder)),
        ['.ts', '.mjs'],
      );
  const { address, namespace } = target;
  return {
    name: 'worker',
    label: 'Worker',
    command: process.execPath,
    args,
    env: { ...environmentFor(target, env), SEEDMILL_STORE: storeUrl, SEEDMILL_STATE_DIR: stateDir },
    fingerprint: fingerprint(
      { args, node: process.version, build, storeUrl, stateDir, address, namespace },
      env,
    ),
    queues,
    lastArguments: async (start) => ({ args: ['--queues', start.queues.join(',')], ports: {} }),
    readyWithinMs: 120_000,
    isReady: (owned) => pollsItsQueues({ target, owned }),
  };
}
