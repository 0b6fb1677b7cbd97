import { ApplicationFailure } from '@temporalio/common';
import { UserError } from '../../store/errors.js';
import type { TeacherEndpoint } from '../teacher-endpoint.js';
import { createTeacherClient, type TeacherClient } from './client.js';

/** Requests to teachers that are under way. */
export interface InFlight {
  requests: number;
  /** Longest that one of them may still take. */
  atMostMs: number;
}

/** One client per endpoint, so that its connections are kept alive between requests. */
export class TeacherClients {
  private readonly clients = new Map<string, TeacherClient>();
  private closed: Error | null = null;

  /** Requests in flight go on; whoever wants to send another one gets this error. */
  close(reason: Error): void {
    this.closed = reason;
    for (const { gate } of this.clients.values()) gate.close(reason);
  }

  get inFlight(): InFlight {
    const busy = [...this.clients.values()].filter(({ gate }) => gate.inFlight > 0);
    return {
      requests: busy.reduce((sum, { gate }) => sum + gate.inFlight, 0),
      atMostMs: Math.max(0, ...busy.map(({ timeoutMs }) => timeoutMs)),
    };
  }

  /** @throws ApplicationFailure `ProviderAccess` when this process has no key for the endpoint: a person is needed. */
  get(endpoint: Pick<TeacherEndpoint, 'baseUrl' | 'apiKeyEnv'>, timeoutMs: number): TeacherClient {
    const { baseUrl, apiKeyEnv } = endpoint;
    const key = JSON.stringify([baseUrl, apiKeyEnv, timeoutMs]);
    const known = this.clients.get(key);
    if (known) return known;
    const client = create({ baseUrl, apiKeyEnv, timeoutMs });
    if (this.closed) client.gate.close(this.closed);
    this.clients.set(key, client);
    return client;
  }
}

function create(options: Parameters<typeof createTeacherClient>[0]): TeacherClient {
  try {
    return createTeacherClient(options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const message = `${error.message} where the worker is started, start it anew, then resume`;
    throw ApplicationFailure.nonRetryable(message, 'ProviderAccess');
  }
}
