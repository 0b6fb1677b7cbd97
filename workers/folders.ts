/**
 * Where seedmill keeps what is neither code nor data: the cache folder of the user (binaries and Python
 * environments, shared by all checkouts) and the files below a project's state folder (`.seedmill`).
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';

/** The user's cache folder for seedmill, for example `~/.cache/seedmill` on Linux. */
export function cacheFolder(): string {
  return envPaths('seedmill', { suffix: '' }).cache;
}

/** True when this code runs as compiled JavaScript (`dist/`), false when it runs from its sources through tsx. */
export const isCompiled = !import.meta.url.endsWith('.ts');

/** Folder with package.json: the checkout or the installed package. */
export const packageRoot = fileURLToPath(new URL(isCompiled ? '../../' : '../', import.meta.url));

/** Names of everything seedmill keeps in a state folder. */
export function stateFiles(stateDir: string) {
  const root = path.resolve(stateDir);
  return {
    root,
    registry: path.join(root, 'processes.json'),
    startLock: path.join(root, 'start'),
    logs: path.join(root, 'logs'),
    temporalDatabase: path.join(root, 'temporal.db'),
    temporalVersion: path.join(root, 'temporal-version'),
    temporalFairness: path.join(root, 'temporal-fairness'),
    teacher: path.join(root, 'teacher.json'),
  };
}
