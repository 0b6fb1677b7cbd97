import type { Client } from '@temporalio/client';
import { ownedProcesses } from '../workers/processes.js';
import { preferredPort } from '../workers/temporal-server.js';
import {
  configuredNamespace,
  configuredTarget,
  connectClient,
  plainTarget,
} from '../workers/temporal-connection.js';
import type { Context } from './context.js';

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
  return await connectClient(
    plainTarget({
      address: `127.0.0.1:${port}`,
      namespace: configuredNamespace(),
      uiUrl: null,
      origin: 'local',
    }),
    2_000,
  );
}
