import { MAX_BODY_BYTES } from './limit-body.js';

/** What is kept of a line that is longer than one answer may be. */
const HEAD_BYTES = 4096;
const NEWLINE = 0x0a;

export interface BoundedLine {
  /** Without its newline. */
  text: string;
  /** Only the beginning: the line is longer than `MAX_BODY_BYTES`. */
  isCut: boolean;
}

/** The lines of a file of any length, of which no more than one is in memory, and of that one no more than an answer. */
export async function* boundedLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BoundedLine> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let isCut = false;
  const add = (part: Uint8Array) => {
    if (isCut) return;
    parts.push(part);
    bytes += part.length;
    if (bytes <= MAX_BODY_BYTES) return;
    parts = [Buffer.concat(parts).subarray(0, HEAD_BYTES)];
    isCut = true;
  };
  const take = (): BoundedLine => {
    const line = { text: Buffer.concat(parts).toString('utf8'), isCut };
    parts = [];
    bytes = 0;
    isCut = false;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      yield take();
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (parts.length > 0) yield take();
}
