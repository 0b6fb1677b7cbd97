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
  /** `reset`: the connection is closed. `silence`: it stays open, without an answer. `half`: closed in mid-answer. */
  how: { status: number; body?: unknown; headers?: Record<string, string> } | 'reset' | 'silence' | 'half';
}

/** `index`: earlier requests to the same route. `model`: of the batch that it is about, where it is about one. */
export type CallFaultRule = (call: {
  route: BatchRoute;
  index: number;
  model: string | null;
}) => CallFault | undefined;

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

/** Sends something else than the answer, or less than it. */
export function spoil(options: {
  fault: CallFault;
  /** null: nothing was done. */
  answer: WireAnswer | null;
  request: IncomingMessage;
  response: ServerResponse;
}): void {
  const { fault, answer, request, response } = options;
  const { how } = fault;
  if (how === 'silence') return;
  if (how === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (how === 'half') {
    const { bytes, headers } = encode(answer ?? { status: 200, json: {} });
    response.writeHead(200, { ...headers, 'content-length': bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.resetAndDestroy());
    return;
  }
  const error = { message: `scripted ${how.status}`, type: 'server_error', param: null, code: null };
  response
    .writeHead(how.status, { 'content-type': 'application/json', ...how.headers })
    .end(typeof how.body === 'string' ? how.body : JSON.stringify(how.body ?? { error }));
}

export function send(answer: WireAnswer, response: ServerResponse): void {
  const { bytes, headers } = encode(answer);
  response.writeHead(answer.status, headers).end(bytes);
}

function encode(answer: WireAnswer): { bytes: Uint8Array; headers: Record<string, string> } {
  return 'bytes' in answer
    ? { bytes: answer.bytes, headers: { 'content-type': 'application/octet-stream' } }
    : {
        bytes: Buffer.from(JSON.stringify(answer.json)),
        headers: { 'content-type': 'application/json' },
      };
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
