/** Routes of the Files and Batches endpoints, and how requests to them are answered or spoilt; for `batch-server.ts`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WireAnswer } from './batch-files.js';

export type BatchRoute =
  | 'files.create'
  | 'files.retrieve'
  | 'files.content'
  | 'files.delete'
  | 'batches.create'
  | 'batches.retrieve'
  | 'batches.list'
  | 'batches.cancel';

/** Something that goes wrong with one request to these endpoints. */
export interface CallFault {
  /** `before`: nothing has happened then. `after`: it was done, but nobody is told. */
  when: 'before' | 'after';
  /** `reset`: the connection is closed. `silence`: it stays open, without an answer. */
  how: { status: number; body?: unknown; headers?: Record<string, string> } | 'reset' | 'silence';
}

/** `index`: earlier requests to the same route. */
export type CallFaultRule = (call: { route: BatchRoute; index: number }) => CallFault | undefined;

export interface Route {
  name: BatchRoute;
  /** '' where the route has none. */
  id: string;
}

export function routeOf(method: string, path: string): Route | undefined {
  const [, kind, id, action] = /^\/v1\/(files|batches)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
  if (kind === undefined) return undefined;
  const shape = `${method} ${kind}${id ? '/ID' : ''}${action ? `/${action}` : ''}`;
  const name = routes[shape];
  return name && { name, id: id ?? '' };
}

const routes: Record<string, BatchRoute> = {
  'POST files': 'files.create',
  'GET files/ID': 'files.retrieve',
  'GET files/ID/content': 'files.content',
  'DELETE files/ID': 'files.delete',
  'POST batches': 'batches.create',
  'GET batches': 'batches.list',
  'GET batches/ID': 'batches.retrieve',
  'POST batches/ID/cancel': 'batches.cancel',
};

export function spoil({ how }: CallFault, request: IncomingMessage, response: ServerResponse): void {
  if (how === 'silence') return;
  if (how === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  const error = { message: `scripted ${how.status}`, type: 'server_error', param: null, code: null };
  response
    .writeHead(how.status, { 'content-type': 'application/json', ...how.headers })
    .end(typeof how.body === 'string' ? how.body : JSON.stringify(how.body ?? { error }));
}

export function send(answer: WireAnswer, response: ServerResponse): void {
  if ('bytes' in answer) {
    response.writeHead(answer.status, { 'content-type': 'application/octet-stream' }).end(answer.bytes);
  } else {
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer.json));
  }
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
