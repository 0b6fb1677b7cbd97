import assert from 'node:assert/strict';
import { readLineResult } from '../../activities/teacher-batch/line-result.js';
import { Parameters } from '../../activities/teacher-client/parameters.js';

describe('a line of a batch that is a refusal', () => {
  const read = (status: number, body: unknown, sent: object = {}) => {
    const request = Buffer.from(JSON.stringify({ body: { model: 'm', seed: 1, ...sent } }));
    const line = { kind: 'response', customId: 'k', status, requestId: null, body } as const;
    const result = readLineResult(line, { model: 'm', price: null, request }, new Parameters());
    assert.ok(result.kind === 'failure');
    return result;
  };

  for (const [whose, body] of [
    ['OpenAI’s', { error: { message: 'too long', code: 'context_length_exceeded', type: 'x', param: null } }],
    ['older vLLM’s', { object: 'error', message: 'too long', code: 400 }],
    ['Ollama’s', { error: 'too long' }],
    ['FastAPI’s', { detail: 'too long' }],
    ['plain', 'too long'],
  ] as const) {
    it(`gives the provider’s words, in ${whose} form, and drops the item`, () => {
      const { outcome, isStep } = read(400, body);
      assert.deepEqual(
        [outcome.kind, outcome.reason, isStep],
        ['invalid-request', 'HTTP 400: too long', true],
      );
    });
  }

  it('is a matter for a person when the account is empty', () => {
    const { trouble } = read(429, { error: { message: 'no money', code: null, type: 'insufficient_quota' } });
    assert.equal(trouble, 'access');
  });

  it('is asked again without a parameter that the endpoint does not take', () => {
    const { refusedParameter } = read(422, { detail: 'seed: Extra inputs are not permitted' });
    assert.equal(refusedParameter, 'seed');
  });

  it('is asked again without logprobs, although a refused key has the same status', () => {
    const body = { error: { message: 'You are not allowed to request logprobs from this model' } };
    const { refusedParameter, trouble, isStep } = read(403, body, { logprobs: 5 });
    assert.deepEqual([refusedParameter, trouble, isStep], ['logprobs', null, true]);
    assert.equal(read(403, body).trouble, 'access');
  });
});

describe('a line of a batch that is an answer', () => {
  it('has what its first token might have been', () => {
    const top = [{ token: '5', logprob: -0.5 }];
    const choice = {
      message: { content: '5' },
      finish_reason: 'length',
      logprobs: { content: [{ top_logprobs: top }] },
    };
    const line = {
      kind: 'response',
      customId: 'k',
      status: 200,
      requestId: null,
      body: { choices: [choice] },
    } as const;
    const request = Buffer.from('{"body":{}}');
    const result = readLineResult(line, { model: 'm', price: null, request }, new Parameters());
    assert.deepEqual(result.kind === 'answer' && result.answer.firstToken, top);
  });
});
