import getPort, { clearLockedPorts } from 'get-port';

/** The wanted port of this machine's loopback address when nothing listens there, else a free one. */
export async function freePort(wanted: number, exclude: number[] = []): Promise<number> {
  // get-port keeps back what it gave out lately; a restarted service must get its old port again at once.
  clearLockedPorts();
  return getPort({ port: wanted, host: '127.0.0.1', exclude });
}
