/** The lines of a batch's output and error files: what became of each of its requests, in any order. */
import { type BatchCaller, fileContent } from './batch-client.js';
import { boundedLines } from './bounded-lines.js';
import { isObject } from './json-object.js';
import { redact } from './redact.js';

export type BatchLine =
  /** The request reached the model's endpoint, which answered with this status and body. */
  | { kind: 'response'; customId: string; status: number; requestId: string | null; body: unknown }
  /** It did not: `batch_expired`, `batch_cancelled`, `request_timeout`. The message is redacted. */
  | { kind: 'error'; customId: string; code: string; message: string }
  /** An answer that is longer than any may be, and was not read. */
  | { kind: 'too-large'; customId: string }
  /** Nobody's: what it begins with, redacted. */
  | { kind: 'unreadable'; text: string };

/** Reads a file of the provider line by line, whatever its size. */
export async function* batchLines(caller: BatchCaller, fileId: string): AsyncGenerator<BatchLine> {
  for await (const { text, isCut } of boundedLines(fileContent(caller, fileId))) {
    if (isCut) yield readHead(text);
    else if (text.trim() !== '') yield readLine(text);
  }
}

/** Of a line that was cut off: the id stands near its beginning. */
function readHead(text: string): BatchLine {
  const customId = /"custom_id"\s*:\s*"([\w.-]{1,128})"/.exec(text)?.[1];
  return customId === undefined ? unreadable(text) : { kind: 'too-large', customId };
}

function readLine(text: string): BatchLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return unreadable(text);
  }
  if (!isObject(line) || typeof line.custom_id !== 'string') return unreadable(text);
  const { custom_id: customId, response, error } = line;
  if (isObject(response) && typeof response.status_code === 'number') {
    const requestId = typeof response.request_id === 'string' ? response.request_id : null;
    return { kind: 'response', customId, status: response.status_code, requestId, body: response.body };
  }
  if (!isObject(error)) return unreadable(text);
  const code = typeof error.code === 'string' ? error.code : '';
  const message = typeof error.message === 'string' ? redact(error.message) : 'no reason given';
  return { kind: 'error', customId, code, message };
}

function unreadable(text: string): BatchLine {
  return { kind: 'unreadable', text: redact(text.slice(0, 200)) };
}
