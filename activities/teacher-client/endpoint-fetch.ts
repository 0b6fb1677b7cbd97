/**
 * The `fetch` of every teacher's client. Unlike the built-in one it waits as long as the request's own deadline says,
 * does not follow redirects, reads no more than an answer may have, and throws what an endpoint says when it answers
 * with anything but a success, whole and in its own words.
 */
import { limitBody, MAX_BODY_BYTES, MAX_VECTORS_BYTES, readSome } from './limit-body.js';

/** The longest error message that is read, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024;

/** The endpoint's answer is no success. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly headers: Headers;
  /** Beginning of its body. */
  readonly body: string;

  constructor({ status, headers, body }: { status: number; headers: Headers; body: string }) {
    super(`HTTP ${status}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** There is no answer. Not in `cause`, where the `openai` package looks for time limits and then keeps nothing else. */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError';
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('no response');
    this.reason = reason;
  }
}

/** For answers, which are cut off by a `BodyTooLargeError` at `MAX_BODY_BYTES`. */
export const fetchAnswer: typeof fetch = async (input, init) =>
  limitBody(await fetchFile(input, init), MAX_BODY_BYTES);

/** For answers with vectors, which may have `MAX_VECTORS_BYTES`. */
export const fetchVectors: typeof fetch = async (input, init) =>
  limitBody(await fetchFile(input, init), MAX_VECTORS_BYTES);

/** For files of any size. */
export const fetchFile: typeof fetch = async (input, init) => {
  const response = await begin(input, init);
  if (response.ok) return response;
  const { status, headers } = response;
  throw new RefusedError({ status, headers, body: await readSome(response, MAX_ERROR_BYTES) });
};

async function begin(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  try {
    // A redirect would send prompts, and to the same host the key, where the recipe does not say.
    return await fetch(input, { redirect: 'manual', ...init, dispatcher: patientDispatcher() });
  } catch (error) {
    throw init?.signal?.aborted ? error : new NoResponseError(error);
  }
}

type Dispatcher = NonNullable<RequestInit['dispatcher']>;
let patient: Dispatcher | undefined;

/**
 * The built-in `fetch` ends every request that has no headers, or no further byte, after 300 s; a request's own deadline
 * must hold instead. Only its dispatcher can say so, whose class Node.js does not export: it is that of the global one.
 */
export function patientDispatcher(): Dispatcher {
  if (patient) return patient;
  // Loads the implementation behind `fetch`, which registers the global dispatcher.
  new Headers();
  const symbol = Object.getOwnPropertySymbols(globalThis).find(({ description }) =>
    description?.startsWith('undici.globalDispatcher.'),
  );
  const found: unknown = symbol && (globalThis as Record<symbol, unknown>)[symbol];
  if (typeof found !== 'object' || found === null) {
    throw new Error(
      `Node.js ${process.version} has no dispatcher behind fetch whose time limits could be set`,
    );
  }
  const Agent = found.constructor as new (options: { headersTimeout: 0; bodyTimeout: 0 }) => Dispatcher;
  patient = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  return patient;
}
