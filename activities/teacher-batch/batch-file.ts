/**
 * A file of requests for a Batch API as the run's store keeps it: each line a request exactly as it is sent, behind what
 * the ledger needs to know of it. Written once, so that whoever tries again sends the same bytes.
 */
import { sha256Hex } from '../../store/artifacts.js';
import { CorruptDataError } from '../../store/errors.js';

/** What stands before a request. */
export interface RequestHead {
  callIndex: number;
  /** Of the response store; the request's `custom_id`. */
  key: string;
  highestTokens: { prompt: number; completion: number };
  /** When it was written, ISO 8601. */
  at: string;
}

export interface FileRow {
  head: RequestHead;
  /** JSON, as it is sent. */
  request: Buffer;
}

const SEPARATOR = ',"request":';
const NEWLINE = Buffer.from('\n');

/** One line of the file; `request` is JSON. */
export function fileRow(head: RequestHead, request: string): Buffer {
  return Buffer.from(`${JSON.stringify(head).slice(0, -1)}${SEPARATOR}${request}}\n`);
}

/** The rows of a file, without copying its requests. `name` is for the message of the `CorruptDataError`. */
export function* fileRows(bytes: Buffer, name: string): Generator<FileRow> {
  for (let start = 0, row = 1; start < bytes.length; row += 1) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const separator = bytes.indexOf(SEPARATOR, start);
    if (separator < 0 || separator > end) throw new CorruptDataError(`${name}:${row}: no request of a batch`);
    yield {
      head: JSON.parse(`${bytes.toString('utf8', start, separator)}}`) as RequestHead,
      request: bytes.subarray(separator + SEPARATOR.length, end - 1),
    };
    start = end + 1;
  }
}

/** The bytes that are sent to the provider. */
export function uploadOf(bytes: Buffer, name: string): { upload: Buffer; sha256: string } {
  const parts: Buffer[] = [];
  for (const { request } of fileRows(bytes, name)) parts.push(request, NEWLINE);
  const upload = Buffer.concat(parts);
  return { upload, sha256: sha256Hex(upload) };
}

/** Names the ledger's attempt: the same for every attempt of the activity at this file. */
export function attemptIdOf(fileId: string, key: string): string {
  return sha256Hex(`${fileId} ${key}`).slice(0, 32);
}
