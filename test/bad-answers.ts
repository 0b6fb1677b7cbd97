/** Answers that no endpoint should give, and what becomes of each. */
import type { ServerResponse } from 'node:http';
import { setInterval } from 'node:timers';
import { gzipSync } from 'node:zlib';
import type { TeacherFailureType } from '../activities/teacher-client/error-map.js';
import type { TeacherAnswer } from '../store/response-store.js';

export interface BadAnswer {
  respond(response: ServerResponse): void;
  becomes:
    | { answer: TeacherAnswer['kind']; text?: string; usage?: 'known' | 'unknown' }
    | { failure: TeacherFailureType; reason: RegExp; bill: 'none' | 'unknown' };
}

const MB = 1024 * 1024;

/** A completion with this text. */
const completion = (text: unknown, more: object = {}) =>
  JSON.stringify({ choices: [{ text, finish_reason: 'stop' }], ...more });

const sends =
  (body: string | Uint8Array, { status = 200, headers = {} }: { status?: number; headers?: object } = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };

/** Bytes on the wire in place of HTTP. */
const sendsRaw = (bytes: string) => (response: ServerResponse) => {
  response.socket?.end(bytes);
};

/** Pieces for ever, as fast as they are taken. */
const sendsForEver = (head: string, piece: string) => (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(head);
  const more = () => {
    while (response.writable && response.write(piece));
  };
  response.on('drain', more);
  more();
};

const dripsForEver = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
};

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const page = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>…</body></html>';
const html = { headers: { 'content-type': 'text/html' } };
const gzip = { headers: { 'content-encoding': 'gzip' } };
const noJson = (reason: RegExp) => ({ failure: 'ProviderUnavailable', reason, bill: 'unknown' }) as const;
const usage = (counts: object) =>
  ({
    respond: sends(completion('Hello.', { usage: counts })),
    becomes: { answer: 'text', text: 'Hello.', usage: 'unknown' },
  }) as const;
const choices = (list: unknown) =>
  ({
    respond: sends(JSON.stringify({ choices: list })),
    becomes: { answer: 'empty' },
  }) as const;

export const badAnswers: Record<string, BadAnswer> = {
  'a web page': {
    respond: sends(page, html),
    becomes: noJson(/no JSON \(text\/html\): a web page, "Sign in"/),
  },
  'a web page with 502': {
    respond: sends(page, { ...html, status: 502 }),
    becomes: noJson(/^HTTP 502: a web page, "Sign in"$/),
  },
  'a web page with 404': {
    respond: sends(page, { ...html, status: 404 }),
    becomes: { failure: 'InvalidRequest', reason: /^HTTP 404: a web page/, bill: 'none' },
  },
  'JSON that calls itself a web page': {
    respond: sends(completion('Hello.'), html),
    becomes: { answer: 'text', text: 'Hello.' },
  },
  'no body': { respond: sends(''), becomes: noJson(/no JSON/) },
  'no content': { respond: sends('', { status: 204 }), becomes: noJson(/no JSON/) },
  'half a JSON': { respond: sends(completion('Hello.').slice(0, 20)), becomes: noJson(/no JSON/) },
  'JSON and then some': { respond: sends(`${completion('Hello.')}}`), becomes: noJson(/no JSON/) },
  'JSON without choices': { respond: sends('{"hello": "world"}'), becomes: noJson(/no choices/) },
  'JSON that is null': { respond: sends('null'), becomes: noJson(/no choices/) },
  'JSON that is a list': { respond: sends('[]'), becomes: noJson(/no choices/) },
  'an error with status 200': {
    respond: sends('{"error": {"message": "Upstream is down", "code": 503}}'),
    becomes: { failure: 'ProviderUnavailable', reason: /^HTTP 503: Upstream is down$/, bill: 'none' },
  },
  'choices that are a text': { respond: sends('{"choices": "Hello."}'), becomes: noJson(/no choices/) },
  'no choice': choices([]),
  'a choice that is null': choices([null]),
  'a choice that is a number': choices([7]),
  'a choice that is a list': choices([[]]),
  'a choice without text': choices([{}]),
  'a text that is a number': choices([{ text: 7 }]),
  'a text that is an object': choices([{ text: { toString: 'x' } }]),
  'a message that is a text': choices([{ message: 'Hello.' }]),
  'a content that is nested without end': {
    respond: sends(`{"choices": [{"message": {"content": ${nested(200_000)}}}]}`),
    becomes: { answer: 'empty' },
  },
  'JSON that is nested without end': { respond: sends(nested(200_000)), becomes: noJson(/no choices/) },
  'a refusal that is nested without end': {
    respond: sends(`{"error": ${nested(200_000)}}`, { status: 400 }),
    becomes: { failure: 'InvalidRequest', reason: /^HTTP 400: \{"error": \[/, bill: 'none' },
  },
  'a content in parts': {
    respond: sends(completion([{ type: 'thinking' }, { type: 'text', text: 'Hel' }, { text: 'lo.' }, 7])),
    becomes: { answer: 'text', text: 'Hello.' },
  },
  'no usage': { respond: sends(completion('Hello.')), becomes: { answer: 'text', usage: 'unknown' } },
  'a usage that is a text': usage(['7' as never]),
  'a usage in words': usage({ prompt_tokens: '7', completion_tokens: '2' }),
  'a usage below zero': usage({ prompt_tokens: -7, completion_tokens: 2 }),
  'a usage in fractions': usage({ prompt_tokens: 7.5, completion_tokens: 2 }),
  'a usage beyond all numbers': usage({ prompt_tokens: 1e300, completion_tokens: 2 }),
  'a usage beyond all contexts': usage({ prompt_tokens: 7, completion_tokens: 1e15 }),
  'half a usage': usage({ prompt_tokens: 7 }),
  'more cached tokens than there are': {
    respond: sends(
      completion('Hello.', {
        usage: { prompt_tokens: 7, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 1000 } },
      }),
    ),
    becomes: { answer: 'text', usage: 'known' },
  },
  'a usage that is not a number': {
    respond: sends('{"choices": [{"text": "Hello."}], "usage": {"prompt_tokens": NaN}}'),
    becomes: noJson(/no JSON/),
  },
  'invalid UTF-8': {
    respond: sends(
      Buffer.concat([Buffer.from('{"choices":[{"text":"a'), Buffer.from([0xff, 0xc0]), Buffer.from('b"}]}')]),
    ),
    becomes: { answer: 'text', text: 'a\ufffd\ufffdb' },
  },
  'null bytes and half a surrogate pair': {
    respond: sends('{"choices": [{"text": "a\\u0000\\ud800b"}]}'),
    becomes: { answer: 'text', text: 'a\0\ud800b' },
  },
  '50 MB that are announced': {
    respond: sends(completion('x'.repeat(50 * MB))),
    becomes: { answer: 'too-large', text: '', usage: 'unknown' },
  },
  '50 MB that are not announced': {
    respond: sends(completion('x'.repeat(50 * MB)), { headers: { 'transfer-encoding': 'chunked' } }),
    becomes: { answer: 'too-large', text: '', usage: 'unknown' },
  },
  '500 MB in 500 kB of gzip': {
    respond: (response) => sends(bomb(), gzip)(response),
    becomes: { answer: 'too-large', text: '', usage: 'unknown' },
  },
  '50 MB of error': {
    respond: sends('x'.repeat(50 * MB), { status: 400 }),
    becomes: { failure: 'InvalidRequest', reason: /^HTTP 400: x{400,500}…$/, bill: 'none' },
  },
  'an answer without end': {
    respond: sendsForEver('{"choices": [{"text": "', 'x'.repeat(MB)),
    becomes: { answer: 'too-large', text: '', usage: 'unknown' },
  },
  'a drip without end': { respond: dripsForEver, becomes: noJson(/within \d/) },
  'gzip that is none': { respond: sends(completion('Hello.'), gzip), becomes: noJson(/no answer/) },
  'half a gzip': {
    respond: sends(gzipSync(completion('Hello.')).subarray(0, 20), gzip),
    becomes: noJson(/no JSON/),
  },
  'fewer bytes than announced': {
    respond: (response) => {
      const body = completion('Hello.');
      sendsRaw(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length + 50}\r\n\r\n${body}`)(response);
    },
    becomes: noJson(/no answer/),
  },
  'more bytes than announced': {
    respond: (response) => {
      sendsRaw(`HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n${completion('Hello.')}`)(response);
    },
    becomes: noJson(/no JSON/),
  },
  'two lengths': {
    respond: sendsRaw('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nHello.'),
    becomes: noJson(/no answer/),
  },
  'another protocol': { respond: sendsRaw('SSH-2.0-OpenSSH_9.2\r\n'), becomes: noJson(/no answer/) },
  'headers without end': {
    respond: sendsRaw(`HTTP/1.1 200 OK\r\n${'x-more: and more\r\n'.repeat(100_000)}`),
    becomes: noJson(/no answer/),
  },
};

let bombBytes: Buffer | undefined;

function bomb(): Buffer {
  bombBytes ??= gzipSync(Buffer.alloc(500 * MB));
  return bombBytes;
}
