/**
 * A real local HTTP server that speaks the OpenAI protocol: /v1/completions, /v1/chat/completions, /v1/embeddings,
 * /v1/models. What it answers is a pure function of the request; what goes wrong is another one, which may count. Every
 * request is logged with what a provider would bill for it.
 *
 *     const teacher = await OpenAiServer.start({ script, fault });
 *     … teacher.baseUrl … teacher.requests … await teacher.stop();
 *
 * As a process of its own, for tests that kill things: `openai-server-main.ts`.
 */
import { setMaxListeners } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  answerBody,
  type BilledTokens,
  countTokens,
  errorBody,
  finish,
  readRequest,
  type Script,
  type ScriptAnswer,
  type ScriptRequest,
} from './openai-wire.js';
import { answer as defaultScript } from './scripted-teacher.js';
import { spellingVector } from './scripted-vectors.js';

export {
  type BilledTokens,
  errorBody,
  type Script,
  type ScriptAnswer,
  type ScriptRequest,
} from './openai-wire.js';

/** Something that goes wrong instead of, or on the way to, an answer. */
export interface Fault {
  /** Sent instead of the answer, and not billed. */
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON, a string as it is. With no `status`: instead of the answer, with status 200. */
  body?: unknown;
  /** Milliseconds before anything is sent. */
  delayMs?: number;
  /** The connection is closed: before any answer, or in the middle of its body. */
  reset?: 'before' | 'middle';
  /** Sends whatever it likes, in place of everything else. */
  respond?: (response: ServerResponse) => void;
}

/** What a fault can depend on besides the request. */
export interface FaultFacts {
  /** Requests received before this one. */
  index: number;
  /** Requests with the same body received before this one. */
  repeat: number;
}

export type FaultRule = (request: ScriptRequest, facts: FaultFacts) => Fault | undefined;

/** One line of the request log. */
export interface LoggedRequest {
  index: number;
  path: string;
  hash: string;
  repeat: number;
  model: string;
  seed: number | null;
  clientRequestId: string | null;
  requestId: string;
  /** When it was received, milliseconds since 1970. */
  atMs: number;
  /** Status that was, or was about to be, sent; null: the connection was closed without one. */
  status: number | null;
  /** What the provider bills, whether the answer arrives or not; null: nothing. */
  billed: BilledTokens | null;
  /** Nothing went wrong on this side: a whole answer was, or was about to be, sent. */
  isAnswered: boolean;
  body: Record<string, unknown>;
  headers: Record<string, string>;
}

export interface OpenAiServerOptions {
  script?: Script;
  /** The vector of a text. */
  embed?: (text: string) => number[];
  fault?: FaultRule;
  /** Milliseconds that every answer takes. */
  latencyMs?: number;
  /** 0: any free one. */
  port?: number;
  /** Requests without this key as bearer token get 401. */
  apiKey?: string;
  models?: string[];
  /** Answers requests for other endpoints; false: it does not know this one either. */
  also?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /** File to which each request is appended as a line of JSON before it is answered. */
  logFile?: string;
}

/** Answers that are kept back. */
export interface Hold {
  /** Resolves when the first request waits. */
  reached: Promise<void>;
  /** Lets those that wait go, and all later ones. */
  release(): void;
}

export class OpenAiServer {
  readonly requests: LoggedRequest[] = [];
  /** May be replaced while the server runs. */
  script: Script;
  fault: FaultRule;
  /** Requests that are being answered, and the most there have ever been. */
  inFlight = 0;
  mostInFlight = 0;
  /** Requests whose client went away before their answer was sent. */
  leftByClient = 0;
  private readonly options: OpenAiServerOptions;
  private readonly server: Server;
  private readonly repeats = new Map<string, number>();
  private readonly closing = new AbortController();
  private readonly holds = new Set<HoldParts>();

  private constructor(options: OpenAiServerOptions) {
    this.options = options;
    // Every answer on its way listens for the end.
    setMaxListeners(0, this.closing.signal);
    this.script = options.script ?? defaultScript;
    this.fault = options.fault ?? (() => undefined);
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error: Error) => {
        if (this.closing.signal.aborted) return;
        response.writeHead(500, { 'x-script-error': '1' }).end(`the test's script failed: ${error.stack}`);
      });
    });
  }

  static async start(options: OpenAiServerOptions = {}): Promise<OpenAiServer> {
    const started = new OpenAiServer(options);
    await new Promise<void>((resolve, reject) => {
      started.server.once('error', reject);
      started.server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return started;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  /** Tokens that were billed so far. */
  get billed(): Required<BilledTokens> {
    const sum = { promptTokens: 0, completionTokens: 0, cachedPromptTokens: 0 };
    for (const { billed } of this.requests) {
      sum.promptTokens += billed?.promptTokens ?? 0;
      sum.completionTokens += billed?.completionTokens ?? 0;
      sum.cachedPromptTokens += billed?.cachedPromptTokens ?? 0;
    }
    return sum;
  }

  /**
   * Keeps answers back from now on, so that what a test does next happens while calls are in flight, on any machine.
   * `which` is asked once for each request; all are held without it.
   */
  hold(which: (request: ScriptRequest) => boolean = () => true): Hold {
    const [reached, reach] = signal();
    const [released, release] = signal();
    const hold = { which, reached, reach, released, release };
    this.holds.add(hold);
    return hold;
  }

  async stop(): Promise<void> {
    for (const { release } of this.holds) release();
    this.closing.abort();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.baseUrl).pathname;
    if (this.options.apiKey && request.headers.authorization !== `Bearer ${this.options.apiKey}`) {
      return sendJson(response, 401, errorBody('Incorrect API key provided', 'invalid_api_key'));
    }
    if (path === '/v1/models') {
      const data = (this.options.models ?? ['scripted']).map((id) => ({ id, object: 'model' }));
      return sendJson(response, 200, { object: 'list', data });
    }
    if (path !== '/v1/completions' && path !== '/v1/chat/completions' && path !== '/v1/embeddings') {
      if (await this.options.also?.(request, response)) return;
      return sendJson(response, 404, errorBody(`Invalid URL (${request.method} ${path})`, null));
    }
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      const asked = readRequest(path, await readBody(request));
      const { fault, logged, answer } = this.decide(asked, request);
      if (this.options.logFile) appendFileSync(this.options.logFile, `${JSON.stringify(logged)}\n`);
      this.requests.push(logged);
      response.once('close', () => {
        if (!response.writableFinished && !fault?.reset) this.leftByClient += 1;
      });
      const waitMs = (this.options.latencyMs ?? 0) + (fault?.delayMs ?? 0);
      // All are asked before any is waited for.
      const holds = [...this.holds].filter(({ which }) => which(asked));
      for (const { reach } of holds) reach();
      for (const { released } of holds) await released;
      if (waitMs > 0) await delay(waitMs, undefined, { signal: this.closing.signal });
      send({ request, response, asked, fault, logged, answer });
    } finally {
      this.inFlight -= 1;
    }
  }

  private decide(asked: ScriptRequest, request: IncomingMessage) {
    const repeat = this.repeats.get(asked.hash) ?? 0;
    this.repeats.set(asked.hash, repeat + 1);
    const index = this.requests.length;
    const fault = this.fault(asked, { index, repeat });
    const replaced = fault !== undefined && (fault.status !== undefined || fault.reset === 'before');
    const answer: ScriptAnswer =
      asked.path === '/v1/embeddings'
        ? { text: '', vectors: asked.input.map(this.options.embed ?? spellingVector) }
        : finish(this.script(asked), asked);
    const logged: LoggedRequest = {
      index,
      path: asked.path,
      hash: asked.hash,
      repeat,
      model: asked.model,
      seed: asked.seed,
      clientRequestId: (request.headers['x-client-request-id'] as string | undefined) ?? null,
      requestId: `req-${index}`,
      atMs: Date.now(),
      status: fault?.reset === 'before' ? null : (fault?.status ?? 200),
      billed: replaced ? null : (answer.usage ?? countTokens(asked, answer)),
      isAnswered: fault?.status === undefined && fault?.body === undefined && fault?.reset === undefined,
      body: asked.body,
      headers: request.headers as Record<string, string>,
    };
    return { fault, logged, answer };
  }
}

interface HoldParts extends Hold {
  which: (request: ScriptRequest) => boolean;
  reach: () => void;
  released: Promise<void>;
}

/** A promise and what resolves it. */
function signal(): [Promise<void>, () => void] {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return [promise, resolve];
}

interface Sending {
  request: IncomingMessage;
  response: ServerResponse;
  asked: ScriptRequest;
  fault: Fault | undefined;
  logged: LoggedRequest;
  answer: ScriptAnswer;
}

function send({ request, response, asked, fault, logged, answer }: Sending): void {
  if (fault?.reset === 'before') {
    request.socket.resetAndDestroy();
    return;
  }
  if (fault?.respond) {
    fault.respond(response);
    return;
  }
  const headers = { 'x-request-id': logged.requestId, ...fault?.headers };
  if (fault?.status !== undefined || fault?.body !== undefined) {
    const status = fault.status ?? 200;
    const body = fault.body ?? errorBody(`scripted ${status}`, null);
    if (typeof body === 'string' || body instanceof Uint8Array) response.writeHead(status, headers).end(body);
    else sendJson(response, status, body, headers);
    return;
  }
  const body = JSON.stringify(
    answerBody({ asked, answer, id: `cmpl-${logged.index}`, billed: logged.billed }),
  );
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  if (fault?.reset !== 'middle') {
    response.end(body);
    return;
  }
  response.write(body.slice(0, body.length / 2), () => request.socket.resetAndDestroy());
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
