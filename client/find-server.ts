import type { Client } from '@temporalio/client';
import { ownedProcesses } from '../workers/processes.js';
import { preferredPort } from '../workers/ports.js';
import { ServiceError } from '../workers/service-error.js';
import {
  configuredNamespace,
  configuredTarget,
  connectClient,
  isListening,
  plainTarget,
} from '../workers/temporal-connection.js';
import type { Context } from './context.js';

const connectWithinMs = 2_000;

/**
 * A client for the server that this project's runs are on: TEMPORAL_* settings, else the one that seedmill started,
 * else the usual local port. Starts nothing. Throws a ServiceError when none answers.
 */
export async function findClient({ stateDir }: Context): Promise<Client> {
  const configured = configuredTarget();
  if (configured) return await connectClient(configured);
  const own = (await ownedProcesses(stateDir, () => {})).find(
    ({ name, alive }) => name === 'temporal' && alive,
  );
  const port = own?.ports.grpc ?? preferredPort(process.env);
  const address = `127.0.0.1:${port}`;
  // A port where nobody is says so at once; a connection would be tried again and again.
  if (!(await isListening(address, connectWithinMs)))
    throw new ServiceError(`no Temporal server answers at ${address}: \`npx seedmill up\` starts one`);
  return await connectClient(
    plainTarget({ address, namespace: configuredNamespace(), uiUrl: null, origin: 'local' }),
    connectWithinMs,
  );
}
