import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationFailureCategory } from '@temporalio/common';
import { createTeacherClient } from '../../activities/teacher-client/client.js';
import type { MappedError } from '../../activities/teacher-client/error-map.js';
import type { SendOptions, Sent } from '../../activities/teacher-client/send-prompt.js';
import { errorBody, type Fault } from '../openai-server.js';
import { endpoint } from './endpoint.js';

type SentError = Sent & { kind: 'error' };

describe('error map', () => {
  const at = endpoint();
  const sendTo = async (fault: Fault, options: Partial<SendOptions> = {}): Promise<SentError> => {
    await at.start({ fault: () => fault });
    const sent = await at.send(options);
    assert.equal(sent.kind, 'error');
    return sent as SentError;
  };
  const map = async (fault: Fault, options = {}): Promise<MappedError> =>
    (await sendTo(fault, options)).error;
  /** What the server that was started makes of the same request once more. */
  const error = async (): Promise<MappedError> => ((await at.send()) as SentError).error;

  for (const status of [408, 409, 425, 500, 502, 503, 504, 529]) {
    it(`${status} is tried again`, async () => {
      const { type, failure } = await map({ status });
      assert.deepEqual([type, failure.nonRetryable], ['ProviderUnavailable', false]);
    });
  }

  it('429 is tried again', async () => {
    const { type, failure } = await map({ status: 429 });
    assert.deepEqual([type, failure.nonRetryable], ['RateLimited', false]);
  });

  it('429 is in no failure metric', async () => {
    const { failure } = await map({ status: 429 });
    assert.equal(failure.category, ApplicationFailureCategory.BENIGN);
  });

  it('503 is in the failure metrics', async () => {
    const { failure } = await map({ status: 503 });
    assert.notEqual(failure.category, ApplicationFailureCategory.BENIGN);
  });

  for (const status of [400, 404, 405, 413, 422]) {
    it(`${status} drops the item`, async () => {
      const { type, drop, failure } = await map({ status });
      assert.deepEqual([type, drop, failure.nonRetryable], ['InvalidRequest', 'invalid-request', true]);
    });
  }

  it('500 for a text that llama.cpp cannot read at once drops the item', async () => {
    const said = 'input (601 tokens) is too large to process. increase the physical batch size';
    const { type, drop } = await map({ status: 500, body: errorBody(said, null) });
    assert.deepEqual([type, drop], ['InvalidRequest', 'invalid-request']);
  });

  it('400 content_filter drops the item with its own reason', async () => {
    const { type, drop } = await map({ status: 400, body: errorBody('filtered', 'content_filter') });
    assert.deepEqual([type, drop], ['InvalidRequest', 'content-filter']);
  });

  for (const [what, fault] of [
    ['401', { status: 401 }],
    ['403', { status: 403 }],
    ['402', { status: 402 }],
    [
      '429 insufficient_quota',
      { status: 429, body: errorBody('You exceeded your quota', 'insufficient_quota') },
    ],
    [
      '429 whose type is insufficient_quota',
      { status: 429, body: errorBody('You exceeded your quota', null, { type: 'insufficient_quota' }) },
    ],
    ['404 model_not_found', { status: 404, body: errorBody('no', 'model_not_found') }],
    [
      '404 of a model, in words',
      { status: 404, body: errorBody('model "x" not found, try pulling it first', null) },
    ],
  ] as [string, Fault][]) {
    it(`${what} stops and asks a person`, async () => {
      const { type, drop, failure } = await map(fault);
      assert.deepEqual([type, drop, failure.nonRetryable], ['ProviderAccess', null, true]);
    });
  }

  it("passes the provider's own words on", async () => {
    const { failure } = await map({ status: 401, body: errorBody('Your key has expired', 'x') });
    assert.match(failure.message ?? '', /Your key has expired/);
  });

  it('does not pass a key on that the provider repeats', async () => {
    const { failure, reason } = await map({
      status: 401,
      body: errorBody('Incorrect key: sk-abcdef123456', 'x'),
    });
    assert.doesNotMatch(`${failure.message} ${reason}`, /abcdef/);
  });

  for (const [what, fault] of [
    ['a reset before the answer', { reset: 'before' }],
    ['a reset in the middle of the answer', { reset: 'middle' }],
    ['an answer that is HTML', { body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } }],
    ['an answer cut off in the middle of its JSON', { body: '{"choices":[{"te' }],
    ['an empty answer', { body: '' }],
    ['an answer without choices', { body: { hello: 'world' } }],
    ['an answer that is null', { body: 'null' }],
  ] as [string, Fault][]) {
    it(`${what} is tried again`, async () => {
      const { type, failure } = await map(fault);
      assert.deepEqual([type, failure.nonRetryable], ['ProviderUnavailable', false]);
    });
  }

  it('answers that are HTML again and again, and nothing else, stop and ask a person', async () => {
    await at.start({ fault: () => ({ body: '<html>Welcome</html>' }) });
    for (let failures = 1; failures < 5; failures += 1)
      assert.equal((await error()).type, 'ProviderUnavailable');
    const { type, failure } = await error();
    assert.equal(type, 'ProviderAccess');
    assert.match(failure.message ?? '', /base URL/);
  });

  it('answers that are HTML again and again are tried again while others are answered', async () => {
    await at.start({ fault: ({ seed }) => (seed === 7 ? { body: '<html>Welcome</html>' } : undefined) });
    for (let failures = 1; failures < 6; failures += 1) {
      assert.equal((await error()).type, 'ProviderUnavailable');
      assert.equal((await at.send({ seed: 8, call: 'another' })).kind, 'answer');
    }
  });

  describe('a request that fails again and again', () => {
    const times = async (n: number, fault: Fault, others: number) => {
      await at.start({ fault: ({ seed }) => (seed === 7 ? fault : undefined) });
      let last: MappedError | undefined;
      for (let failures = 0; failures < n; failures += 1) last = await error();
      for (let other = 0; other < others; other += 1) await at.send({ seed: 8, call: `other ${other}` });
      last = await error();
      return [last.type, last.drop];
    };

    for (const [what, fault] of [
      ['500', { status: 500 }],
      ['a reset', { reset: 'before' }],
      ['HTML', { body: '<html>Welcome</html>' }],
    ] as [string, Fault][]) {
      it(`with ${what} is dropped once ten others were answered meanwhile`, async () => {
        assert.deepEqual(await times(9, fault, 10), ['InvalidRequest', 'unanswered']);
      });
    }

    it('waits longer each time, also where its attempts begin anew', async () => {
      await at.start({ fault: () => ({ reset: 'before' }) });
      const delaysMs: number[] = [];
      for (let n = 0; n < 4; n += 1) delaysMs.push(Number((await error()).failure.nextRetryDelay));
      assert.ok(
        delaysMs.every((ms, n) => ms >= 1000 * 2 ** n),
        String(delaysMs),
      );
    });

    it('is tried again for ever while nothing else is answered', async () => {
      assert.deepEqual(await times(30, { status: 500 }, 0), ['ProviderUnavailable', null]);
    });

    it('is tried again while others are answered, if it has not failed often', async () => {
      assert.deepEqual(await times(8, { status: 500 }, 50), ['ProviderUnavailable', null]);
    });

    it('with 429 is never dropped', async () => {
      assert.deepEqual(await times(12, { status: 429 }, 20), ['RateLimited', null]);
    });
  });

  describe('x-should-retry', () => {
    const told = (status: number, value: string) => map({ status, headers: { 'x-should-retry': value } });

    it('false at a 429 stops and asks a person: waiting does not help', async () => {
      assert.equal((await told(429, 'false')).type, 'ProviderAccess');
    });

    it('false at a 500 is not followed: an outage must cost no item', async () => {
      assert.equal((await told(500, 'false')).type, 'ProviderUnavailable');
    });

    it('true at a refusal is followed, four times', async () => {
      await at.start({ fault: () => ({ status: 400, headers: { 'x-should-retry': 'true' } }) });
      const types = [];
      for (let failures = 1; failures <= 5; failures += 1) types.push((await error()).type);
      assert.deepEqual(types, [...Array(4).fill('ProviderUnavailable'), 'InvalidRequest']);
    });

    it('true at a refused key is not followed', async () => {
      assert.equal((await told(401, 'true')).type, 'ProviderAccess');
    });
  });

  it('a request that is above the limit per minute all by itself drops the item', async () => {
    const message = 'Request too large for m on tokens per min (TPM): Limit 30000, Requested 50000.';
    const { type, drop } = await map({ status: 429, body: errorBody(message, 'rate_limit_exceeded') });
    assert.deepEqual([type, drop], ['InvalidRequest', 'invalid-request']);
  });

  describe('a redirect', () => {
    for (const status of [301, 302, 303, 307, 308]) {
      it(`with ${status} stops and asks a person, and sends neither prompt nor key elsewhere`, async () => {
        const elsewhere: string[] = [];
        const other = createServer((request, response) => {
          elsewhere.push(String(request.url));
          response.end('{}');
        });
        await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
        try {
          const location = `http://localhost:${(other.address() as AddressInfo).port}/v1`;
          const { type, failure } = await map({ status, headers: { location }, body: '' });
          assert.equal(type, 'ProviderAccess');
          assert.match(failure.message ?? '', new RegExp(`redirects to ${location} .*base URL`));
          assert.deepEqual(elsewhere, []);
        } finally {
          other.close();
        }
      });
    }
  });

  describe('an error without a response', () => {
    const sendToUrl = async (baseUrl: string) => {
      await at.start();
      const client = createTeacherClient({ baseUrl, apiKeyEnv: null, timeoutMs: 5000 });
      const sent = (await at.send({ client })) as SentError;
      return [sent.error.type, sent.bill, sent.error.failure.nonRetryable, sent.error.reason] as const;
    };

    it('of a host that nobody knows is tried again and costs nothing', async () => {
      const [...facts] = await sendToUrl('http://no-such-host.invalid/v1');
      assert.deepEqual(facts.slice(0, 3), ['ProviderUnavailable', 'none', false]);
      assert.match(facts[3], /no-such-host\.invalid/);
    });

    it('of an address without encryption is tried again and costs nothing', async () => {
      const server = await at.start();
      const [type, bill] = await sendToUrl(server.baseUrl.replace('http:', 'https:'));
      await server.stop();
      assert.deepEqual([type, bill], ['ProviderUnavailable', 'none']);
    });
  });

  describe('the provider’s words', () => {
    for (const [wording, body, words] of [
      ['OpenAI’s', errorBody('Bad prompt', null), 'Bad prompt'],
      ['those without an outer object', { object: 'error', message: 'Bad prompt', code: 400 }, 'Bad prompt'],
      ['a text as error', { error: 'Bad prompt' }, 'Bad prompt'],
      ['FastAPI’s detail', { detail: 'Bad prompt' }, 'Bad prompt'],
      [
        'a list of details',
        { detail: [{ loc: ['body'], msg: 'Bad' }] },
        '{"detail":[{"loc":["body"],"msg":"Bad"}]}',
      ],
      ['plain text', 'Bad prompt', 'Bad prompt'],
      ['a web page', '<!DOCTYPE html><html><title>Bad\nprompt</title><p>…', 'a web page, "Bad prompt"'],
      ['no words', '', 'no message'],
    ] as [string, unknown, string][]) {
      it(`are read from ${wording}`, async () => {
        assert.equal((await map({ status: 400, body })).reason, `HTTP 400: ${words}`);
      });
    }

    it('are read from an error inside a success, with the status that it should have had', async () => {
      const { type, reason } = await map({ body: { error: { message: 'Slow down', code: 429 } } });
      assert.deepEqual([type, reason], ['RateLimited', 'HTTP 429: Slow down']);
    });

    it('name the model that is unknown, wherever they stand', async () => {
      const body = {
        object: 'error',
        message: 'The model `x` does not exist.',
        type: 'NotFoundError',
        code: 404,
      };
      assert.equal((await map({ status: 404, body })).type, 'ProviderAccess');
    });
  });

  it('an endpoint that is not there is tried again', async () => {
    const server = await at.start();
    await server.stop();
    const sent = (await at.send()) as SentError;
    assert.deepEqual([sent.error.type, sent.error.failure.nonRetryable], ['ProviderUnavailable', false]);
    assert.match(sent.error.reason, /ECONNREFUSED/);
  });

  for (const [what, fault] of [
    ['before its headers', { delayMs: 60_000 }],
    ['in the middle of its body', { status: 200, headers: { 'content-length': '100' }, body: '{"choices":' }],
  ] as [string, Fault][]) {
    it(`an answer that does not come, ${what}, is tried again after the timeout`, async () => {
      const server = await at.start({ fault: () => fault });
      const client = createTeacherClient({ baseUrl: server.baseUrl, apiKeyEnv: null, timeoutMs: 300 });
      const sent = (await at.send({ client })) as SentError;
      assert.equal(sent.error.type, 'ProviderUnavailable');
      assert.match(sent.error.reason, /within 0\.3 s/);
    });
  }

  describe('the pause before another try', () => {
    const delay = async (headers: Record<string, string>, options = {}) => {
      const { failure } = await map({ status: 429, headers }, options);
      return Number(failure.nextRetryDelay);
    };
    const isWithin = (ms: number, low: number, high: number) =>
      assert.ok(ms >= low && ms <= high, `${ms} is not within ${low} and ${high}`);

    it('is at least what Retry-After says in seconds', async () => {
      isWithin(await delay({ 'retry-after': '20' }), 20_000, 25_000);
    });

    it('is at least what Retry-After says as a date', async () => {
      const date = new Date(Date.now() + 100_000).toUTCString();
      isWithin(await delay({ 'retry-after': date }), 95_000, 125_000);
    });

    it('takes retry-after-ms before Retry-After', async () => {
      isWithin(await delay({ 'retry-after-ms': '1500', 'retry-after': '20' }), 1500, 1875);
    });

    it('is at least half a second', async () => {
      isWithin(await delay({ 'retry-after': '0' }), 500, 625);
    });

    it('is half a second for a date that has passed', async () => {
      isWithin(await delay({ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }), 500, 625);
    });

    it('is at most ten minutes', async () => {
      isWithin(await delay({ 'retry-after': '86400' }), 450_000, 600_000);
    });

    it('grows with the attempts where the provider says nothing', async () => {
      isWithin(await delay({}, { attempt: 4 }), 8000, 10_000);
    });

    it('grows to 20 seconds after 429s, and to a minute after anything else', async () => {
      isWithin(await delay({}, { attempt: 12 }), 20_000, 25_000);
      const { failure } = await map({ status: 503 }, { attempt: 12 });
      isWithin(Number(failure.nextRetryDelay), 60_000, 75_000);
    });

    it('grows where what the provider says cannot be read', async () => {
      isWithin(await delay({ 'retry-after': 'soon' }), 1000, 1250);
    });

    it('is kept for 503 too', async () => {
      const { failure } = await map({ status: 503, headers: { 'retry-after': '20' } });
      isWithin(Number(failure.nextRetryDelay), 20_000, 25_000);
    });
  });

  describe('the bill', () => {
    for (const [what, fault, bill] of [
      ['a 429', { status: 429 }, 'none'],
      ['a 500', { status: 500 }, 'none'],
      ['a 400', { status: 400 }, 'none'],
      ['a gateway’s 504', { status: 504 }, 'unknown'],
      ['a reset', { reset: 'before' }, 'unknown'],
      ['an answer that is HTML', { body: '<html></html>' }, 'unknown'],
    ] as [string, Fault, string][]) {
      it(`of ${what} is ${bill}`, async () => {
        assert.equal((await sendTo(fault)).bill, bill);
      });
    }

    it('of a request that could not connect is none', async () => {
      const server = await at.start();
      await server.stop();
      assert.equal(((await at.send()) as SentError).bill, 'none');
    });
  });
});
