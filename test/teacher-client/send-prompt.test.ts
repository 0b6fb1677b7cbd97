import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import { createTeacherClient } from '../../activities/teacher-client/client.js';
import { errorBody } from '../openai-server.js';
import { chat, completion, endpoint, sampling } from './endpoint.js';

describe('sending a prompt', () => {
  const at = endpoint();
  const answerOf = async (options = {}) => {
    const sent = await at.send(options);
    assert.equal(sent.kind, 'answer');
    return sent.kind === 'answer' ? sent.answer : assert.fail();
  };
  const bodyOf = async (options = {}) => {
    const server = await at.start();
    await at.send(options);
    return server.requests[0]?.body;
  };

  it('returns the trimmed answer', async () => {
    await at.start();
    assert.deepEqual(await answerOf(), {
      kind: 'text',
      text: 'Hello.',
      finishReason: 'stop',
      usage: { promptTokens: 4, cachedPromptTokens: 0, completionTokens: 2 },
      model: 'm',
      requestId: 'req-0',
    });
  });

  it('sends a completion to the completion endpoint', async () => {
    assert.deepEqual(await bodyOf(), {
      model: 'm',
      prompt: 'Say something.',
      temperature: 0.7,
      top_p: 0.5,
      max_tokens: 64,
      seed: 7,
    });
  });

  it('sends a chat with its schema to the chat endpoint', async () => {
    const { schema, ...body } = chat as typeof chat & { form: 'chat' };
    assert.deepEqual(await bodyOf({ body: chat }), {
      model: 'm',
      messages: body.messages,
      temperature: 0.7,
      top_p: 0.5,
      max_tokens: 64,
      seed: 7,
      response_format: { type: 'json_schema', json_schema: { ...schema, strict: true } },
    });
  });

  it('sends penalties and stops where there are any', async () => {
    const more = { presencePenalty: 2, frequencyPenalty: 1, stop: ['\n'] };
    const body = await bodyOf({ sampling: { ...sampling, ...more } });
    assert.deepEqual([body?.presence_penalty, body?.frequency_penalty, body?.stop], [2, 1, ['\n']]);
  });

  it('sends the client request id', async () => {
    const server = await at.start();
    await at.send({ clientRequestId: 'id-42' });
    assert.equal(server.requests[0]?.clientRequestId, 'id-42');
  });

  it('reads a chat answer', async () => {
    await at.start();
    assert.equal((await answerOf({ body: chat })).text, 'Hello.');
  });

  it('tells a refusal from a text', async () => {
    await at.start({ script: () => ({ text: '', refusal: 'I cannot help with that.' }) });
    const { kind, text } = await answerOf({ body: chat });
    assert.deepEqual([kind, text], ['refused', 'I cannot help with that.']);
  });

  it('tells a filtered answer from a text', async () => {
    await at.start({ script: () => ({ text: 'Hel', finishReason: 'content_filter' }) });
    assert.equal((await answerOf()).kind, 'content-filter');
  });

  it('tells a cut-off answer from a text', async () => {
    await at.start({ script: () => ({ text: 'x'.repeat(1000) }) });
    assert.equal((await answerOf()).kind, 'truncated');
  });

  it('counts cached prompt tokens apart', async () => {
    const usage = { promptTokens: 10, completionTokens: 2, cachedPromptTokens: 8 };
    await at.start({ script: () => ({ text: 'x', usage }) });
    assert.deepEqual((await answerOf()).usage, {
      promptTokens: 10,
      cachedPromptTokens: 8,
      completionTokens: 2,
    });
  });

  it('takes a missing usage as unknown, not as 0', async () => {
    await at.start({ script: () => ({ text: 'Hello.', usage: null }) });
    assert.equal((await answerOf()).usage, null);
  });

  it('takes a usage of the wrong type as unknown', async () => {
    const body = { choices: [{ text: 'x' }], usage: { prompt_tokens: 'many', completion_tokens: -1 } };
    await at.start({ fault: () => ({ body }) });
    assert.equal((await answerOf()).usage, null);
  });

  it('returns an empty list of choices as a result', async () => {
    await at.start({
      fault: () => ({ body: { choices: [], usage: { prompt_tokens: 3, completion_tokens: 0 } } }),
    });
    const { kind, usage } = await answerOf();
    assert.deepEqual([kind, usage?.promptTokens], ['empty', 3]);
  });

  it('returns a message without content as a result', async () => {
    await at.start({ fault: () => ({ body: { choices: [{ message: { content: null } }] } }) });
    assert.equal((await answerOf({ body: chat })).kind, 'empty');
  });

  it('reads on over invalid UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"choices":[{"text":"a'),
      Buffer.from([0xff]),
      Buffer.from('b"}]}'),
    ]);
    await at.start({ fault: () => ({ body: bytes }) });
    assert.equal((await answerOf()).text, 'a\ufffdb');
  });

  for (const [how, headers] of [
    ['that says how long it is', {}],
    ['that does not', { 'transfer-encoding': 'chunked' }],
  ] as const) {
    it(`does not read an answer of 50 MB ${how}`, async () => {
      const body = `{"choices":[{"text":"${'x'.repeat(50 * 1024 * 1024)}"}]}`;
      await at.start({ fault: () => ({ body, headers }) });
      const { kind, text, usage } = await answerOf();
      assert.deepEqual([kind, text, usage], ['too-large', '', null]);
    });
  }

  it('sends exactly one request, whatever comes back', async () => {
    const server = await at.start({ fault: () => ({ status: 500 }) });
    await at.send();
    assert.equal(server.requests.length, 1);
  });

  describe('that is cancelled', () => {
    const cancelled = async (reason?: unknown) => {
      const abort = new AbortController();
      const server = await at.start({ latencyMs: 60_000 });
      const sending = at.send({ signal: abort.signal });
      while (server.inFlight === 0) await new Promise(setImmediate);
      abort.abort(reason);
      return await sending;
    };

    it('ends the request and says so', async () => {
      assert.equal((await cancelled()).kind, 'aborted');
    });

    it('closes the connection that the endpoint answers on', async () => {
      const abort = new AbortController();
      const server = await at.start({ latencyMs: 60_000 });
      const sending = at.send({ signal: abort.signal });
      while (server.inFlight === 0) await new Promise(setImmediate);
      abort.abort();
      await sending;
      while (server.leftByClient === 0) await new Promise(setImmediate);
      assert.equal(server.leftByClient, 1);
    });

    it('passes the reason of the cancellation on', async () => {
      const reason = new CancelledFailure('CANCELLED');
      const sent = await cancelled(reason);
      assert.equal(sent.kind === 'aborted' && sent.failure, reason);
    });

    it('before it is sent, is not sent', async () => {
      const server = await at.start();
      await at.send({ signal: AbortSignal.abort() });
      assert.equal(server.requests.length, 0);
    });
  });

  describe('with a parameter that the endpoint refuses', () => {
    const refusing = (param: string, message: string, named: boolean) =>
      at.start({
        fault: ({ body }) =>
          param in body
            ? { status: 400, body: errorBody(message, null, { param: named ? param : null }) }
            : undefined,
      });

    for (const [param, message, named] of [
      [
        'response_format',
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported",
        true,
      ],
      ['response_format', 'This server has no structured output', false],
      ['seed', 'Unrecognized request argument supplied: seed', false],
      [
        'max_tokens',
        "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        true,
      ],
    ] as const) {
      it(`names it and goes on without it: ${message}`, async () => {
        await refusing(param, message, named);
        const first = await at.send({ body: chat });
        assert.equal(first.kind === 'error' && first.refusedParameter, param);
        assert.equal((await at.send({ body: chat })).kind, 'answer');
      });
    }

    it('sends max_completion_tokens in place of max_tokens', async () => {
      const server = await refusing('max_tokens', "Use 'max_completion_tokens' instead.", true);
      await at.send();
      await at.send();
      assert.equal(server.requests[1]?.body.max_completion_tokens, 64);
    });

    it('does not take another refusal for one of a parameter', async () => {
      await at.start({
        fault: () => ({
          status: 400,
          body: errorBody('max_tokens is too large', null, { param: 'max_tokens' }),
        }),
      });
      const sent = await at.send();
      assert.equal(sent.kind === 'error' && sent.refusedParameter, null);
    });
  });
});

describe('teacher client', () => {
  const at = endpoint();

  it('sends the key from the environment', async () => {
    const server = await at.start({ apiKey: 'secret-key' });
    const client = createTeacherClient({
      baseUrl: server.baseUrl,
      apiKeyEnv: 'MY_KEY',
      timeoutMs: 5000,
      env: { MY_KEY: ' secret-key\n' },
    });
    assert.equal((await at.send({ client, body: completion })).kind, 'answer');
  });

  it('does not pass its key on when the provider repeats it, whatever the variable is called', async () => {
    const server = await at.start({
      fault: () => ({ status: 401, body: errorBody('No such key: plainlooking', null) }),
    });
    const env = { MY_TEACHER: 'plainlooking' };
    const client = createTeacherClient({
      baseUrl: server.baseUrl,
      apiKeyEnv: 'MY_TEACHER',
      timeoutMs: 5000,
      env,
    });
    const sent = await at.send({ client });
    assert.equal(sent.kind === 'error' && sent.error.reason, 'HTTP 401: No such key: [redacted]');
  });

  it('names the variable that holds no key', async () => {
    await at.start();
    const options = { baseUrl: 'https://api.example.com/v1', apiKeyEnv: 'MY_KEY', timeoutMs: 1, env: {} };
    assert.throws(() => createTeacherClient(options), { name: 'UserError', message: /MY_KEY/ });
  });
});
