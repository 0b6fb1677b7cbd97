import getPort, { clearLockedPorts } from 'get-port';
import { ServiceError } from './service-error.js';

/** The wanted port of this machine's loopback address when nothing listens there, else a free one. */
export async function freePort(wanted: number, exclude: number[] = []): Promise<number> {
  // get-port keeps back what it gave out lately; a restarted service must get its old port again at once.
  clearLockedPorts();
  return getPort({ port: wanted, host: '127.0.0.1', exclude });
}

/** SEEDMILL_TEMPORAL_PORT: where a local server is looked for and our own listens; the UI is 1000 above. */
export function preferredPort(env: NodeJS.ProcessEnv): number {
  const text = env.SEEDMILL_TEMPORAL_PORT ?? '7233';
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= 64_535) return port;
  throw new ServiceError(`SEEDMILL_TEMPORAL_PORT is "${text}"; it must be a port number from 1 to 64535`);
}
