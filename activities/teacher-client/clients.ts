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

  get({ baseUrl, apiKeyEnv }: TeacherEndpoint, timeoutMs: number): TeacherClient {
    const key = JSON.stringify([baseUrl, apiKeyEnv, timeoutMs]);
    const known = this.clients.get(key);
    if (known) return known;
    const client = createTeacherClient({ baseUrl, apiKeyEnv, timeoutMs });
    if (this.closed) client.gate.close(this.closed);
    this.clients.set(key, client);
    return client;
  }
}
