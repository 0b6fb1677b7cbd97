/** A folder for one measurement with a Temporal server of its own, started as `npm start` does. */
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import getPort from 'get-port';
import { stateFiles } from '../../workers/folders.js';
import { ownedProcesses } from '../../workers/processes.js';
import { ensureServices, stopServices } from '../../workers/services.js';
import type { TemporalTarget } from '../../workers/temporal-connection.js';

export interface Workplace {
  stateDir: string;
  storeUrl: string;
  /** For children that find the server by themselves. */
  env: NodeJS.ProcessEnv;
  target: TemporalTarget;
  /** Pid of a service that was started here: `temporal`, `worker`. */
  pidOf(name: string): Promise<number>;
}

/**
 * Gives the work a fresh server and an empty store in a new folder below `folder`, and ends the server afterwards. The
 * files stay until all is measured: file systems are slow to create files where many were removed a moment ago.
 */
export async function inWorkplace<T>(folder: string, work: (place: Workplace) => Promise<T>): Promise<T> {
  const place = await mkdtemp(path.join(folder, 'place-'));
  const stateDir = path.join(place, 'state');
  const storeUrl = path.join(place, 'runs');
  const env = { ...withoutTemporal(process.env), SEEDMILL_TEMPORAL_PORT: `${await serverPort()}` };
  const quiet = () => {};
  try {
    const { temporal } = await ensureServices({ stateDir, storeUrl, needs: {}, say: quiet, env });
    const pidOf = async (name: string) => {
      const found = (await ownedProcesses(stateDir, quiet)).find((owned) => owned.name === name);
      if (!found?.alive) throw new Error(`${name} does not run; its log is in ${stateFiles(stateDir).logs}`);
      return found.pid;
    };
    return await work({ stateDir, storeUrl, env, target: temporal, pidOf });
  } finally {
    await stopServices({ stateDir, say: quiet });
  }
}

function withoutTemporal(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(TEMPORAL|SEEDMILL)_/.test(name)));
}

/** A free port; the UI's, 1000 above it, must be a possible one too. */
async function serverPort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 40_000);
  return await getPort({
    port,
    host: '127.0.0.1',
    exclude: Array.from({ length: 1_001 }, (_, n) => 64_535 + n),
  });
}
