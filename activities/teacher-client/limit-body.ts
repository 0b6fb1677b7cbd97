/** The longest answer that is read, in bytes; a call's text is some kilobytes, so only a broken endpoint has more. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** The same of vectors: 256 of 3,072 numbers are 4 MB in base64, and up to 19 MB where an endpoint writes them out. */
export const MAX_VECTORS_BYTES = 32 * 1024 * 1024;

/** The response is longer than an answer may be. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';

  constructor(maxBytes: number) {
    super(`the answer is longer than ${maxBytes / 1024 / 1024} MB`);
  }
}

/** The response with a body that ends in a `BodyTooLargeError` at the limit, before it fills the memory. */
export function limitBody(response: Response, maxBytes: number): Response {
  const announced = Number(response.headers.get('content-length') ?? Number.NaN);
  // A length within the limit is kept by the HTTP parser itself; only then is the detour through a stream saved.
  const isCompressed = response.headers.has('content-encoding');
  if (response.body === null || (announced <= maxBytes && !isCompressed)) return response;
  let read = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      read += chunk.byteLength;
      if (read > maxBytes) controller.error(new BodyTooLargeError(maxBytes));
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(limit), { status, statusText, headers });
}

/** The beginning of a body as text; what came of it when it breaks off. Never throws. */
export async function readSome({ body }: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      parts.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= maxBytes) break;
    }
  } catch {
    // The beginning of what an endpoint says is better than nothing.
  }
  return Buffer.concat(parts).subarray(0, maxBytes).toString('utf8');
}
