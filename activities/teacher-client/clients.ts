import type { TeacherEndpoint } from '../teacher-endpoint.js';
import { createTeacherClient, type TeacherClient } from './client.js';

/** One client per endpoint, so that its connections are kept alive between requests. */
export class TeacherClients {
  private readonly clients = new Map<string, TeacherClient>();

  get({ baseUrl, apiKeyEnv }: TeacherEndpoint, timeoutMs: number): TeacherClient {
    const key = JSON.stringify([baseUrl, apiKeyEnv, timeoutMs]);
    const known = this.clients.get(key);
    if (known) return known;
    const client = createTeacherClient({ baseUrl, apiKeyEnv, timeoutMs });
    this.clients.set(key, client);
    return client;
  }
}
